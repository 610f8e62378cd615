import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { PARENT, startReportsServer } from '../../../src/conformance/reports-server.js';
import { systemClock } from '../../../src/core/clock.js';
import { Code } from '../../../src/core/status.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { createDatabase, type TestDatabase } from '../../helpers/postgres-database.js';
import { recordOf } from '../stores.js';

/** Creates a user of that database without any privileges. */
async function createUser(database: TestDatabase) {
  const name = `user_${randomUUID().replaceAll('-', '')}`;
  await database.query(`CREATE USER ${name} PASSWORD 'secret'`);
  return {
    name,
    url: Object.assign(new URL(database.url), { username: name }).href,
    async [Symbol.asyncDispose]() {
      await database.query(`DROP OWNED BY ${name} CASCADE`);
      await database.query(`DROP USER ${name}`);
    },
  };
}

async function whyNotReady(url: string): Promise<unknown> {
  const store = postgresStore({ connectionString: url });
  const error = await store.ready().catch((reason: unknown) => reason);
  await store.close();
  return error;
}

describe('a database that rejects the store', () => {
  it('FAILED_PRECONDITION that says what to do: password, database, rights', async () => {
    await using database = await createDatabase();
    await using user = await createUser(database);
    const password = Object.assign(new URL(user.url), { password: 'wrong' }).href;
    const other = Object.assign(new URL(database.url), { pathname: '/nowhere' }).href;
    expect(await whyNotReady(password)).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      message: expect.stringMatching(/password authentication failed .*; name another user or password/),
    });
    expect(await whyNotReady(other)).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      message: expect.stringMatching(/database "nowhere" does not exist; create it, or name another/),
    });
    expect(await whyNotReady(user.url)).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      message: expect.stringMatching(
        /permission denied .*; grant the user CREATE on the database, or make it the owner of schemas "longrunning"/,
      ),
    });
  });

  it('existing schemas of a user who may not create any: they are used', async () => {
    await using database = await createDatabase();
    await using user = await createUser(database);
    for (const schema of ['longrunning', 'longrunning_jobs']) {
      await database.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${user.name}`);
    }
    const store = postgresStore({ connectionString: user.url });
    await store.create(recordOf(1));
    expect(await store.get(recordOf(1).name)).toMatchObject({ version: 1 });
    await store.close();
  });
});

describe('a user with the least rights that docs/databases.md grants', () => {
  it('may serve and work once the owner has migrated, and cannot migrate', async () => {
    await using database = await createDatabase();
    await using user = await createUser(database);
    const owner = postgresStore({ connectionString: database.url });
    await owner.ready();
    await owner.close();
    await database.query(leastRights(user.name));
    await using server = await startReportsServer({
      clock: systemClock,
      store: postgresStore({ connectionString: user.url, workPollMs: 50 }),
    });
    await server.kit.ready();
    const { name } = await server.inProcess.exportReport({ requestId: 'r' });
    const run = await server.exports.on(name);
    await run.context.update({ progressPercent: 1 });
    run.succeed();
    const { operations } = server.inProcess;
    expect(await operations.waitOperation({ name })).toMatchObject({ done: true });
    expect((await operations.listOperations({ name: PARENT, pageSize: 1 })).operations).toHaveLength(1);
    await operations.deleteOperation({ name });
    expect(await server.kit.health.check()).toBe('SERVING');
    const right = (text: string) => database.query(`SELECT ${text} AS has`).then(({ rows }) => rows[0].has);
    expect(await right(`has_schema_privilege('${user.name}', 'longrunning', 'CREATE')`)).toBe(false);
    expect(server.logged).toEqual([]);
  });

  /** Statements of the document, for this user. */
  function leastRights(name: string): string {
    const document = readFileSync(join(__dirname, '../../../docs/databases.md'), 'utf8');
    const statements = /```sql\n(?<sql>GRANT[\s\S]*?)```/.exec(document)?.groups?.sql ?? '';
    expect(statements).toContain('TO app');
    return statements.replaceAll('TO app', `TO ${name}`);
  }
});

describe('a database that is temporarily unavailable', () => {
  it.each([
    ['is a standby by now', 'default_transaction_read_only=on'],
    ['takes longer than statements may', 'statement_timeout=1'],
  ])('%s: UNAVAILABLE, for work to be recorded later', async (_, setting) => {
    await using database = await createDatabase();
    const ready = postgresStore({ connectionString: database.url });
    await ready.create(recordOf(1));
    await ready.close();
    const pool = new pg.Pool({ connectionString: database.url });
    // A connection may be found closed after the store was closed.
    pool.on('error', () => {});
    const store = postgresStore({ pool });
    await store.ready();
    const name = new URL(database.url).pathname.slice(1);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(`ALTER DATABASE ${name} SET ${setting}`);
    // Only new connections have the setting.
    await client.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await client.end();
    const slow = { request: Buffer.alloc(20_000_000) };
    for (let asked = 0; asked < 3; asked++) {
      await expect(store.create(recordOf(2, slow))).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    }
    await store.close();
    await pool.end();
  });
});

describe('a pool of the application', () => {
  it('of one connection: TypeError, because the listener would use it', async () => {
    const pool = new pg.Pool({ max: 1 });
    expect(() => postgresStore({ pool })).toThrow('pool allows 1 connection: allow at least 2');
    await pool.end();
  });

  it('has no listener left when the store is closed, nor one per reconnection', async () => {
    const pool = new pg.Pool({ connectionString: 'postgres://user:password@127.0.0.1:1/none' });
    const store = postgresStore({ pool });
    for (let asked = 0; asked < 3; asked++) {
      await expect(store.get('operations/1')).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    }
    await store.close();
    expect(EventEmitter.listenerCount(pool, 'error')).toBe(0);
    await pool.end();
  });
});
