import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { expectKitError } from '../../../src/conformance/kit-error.js';
import { Code } from '../../../src/core/status.js';
import { createOperations } from '../../../src/server/index.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { manualClock } from '../../../src/testing/clock/manual-clock.js';
import { createDatabase, type TestDatabase } from '../../helpers/postgres-database.js';
import { recordOf } from '../stores.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Starts a server whose store connects as a user that owns nothing and has all privileges. */
async function serve() {
  const database = await createDatabase();
  const user = `user_${randomUUID().replaceAll('-', '')}`;
  closing.push(
    () => database[Symbol.asyncDispose](),
    () => database.query(`DROP USER ${user}`),
    () => database.query(`DROP OWNED BY ${user} CASCADE`),
  );
  const owner = postgresStore({ connectionString: database.url });
  await owner.ready();
  await owner.close();
  await database.query(`CREATE USER ${user} PASSWORD 'secret'`);
  for (const schema of ['longrunning', 'longrunning_jobs']) {
    await database.query(`GRANT ALL ON SCHEMA ${schema} TO ${user}`);
    await database.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${user}`);
    await database.query(`GRANT ALL ON ALL SEQUENCES IN SCHEMA ${schema} TO ${user}`);
  }
  const url = Object.assign(new URL(database.url), { username: user, password: 'secret' }).href;
  const store = postgresStore({ connectionString: url, poolSize: 3 });
  const clock = manualClock();
  const operations = createOperations({ store, methods: [], clock, logger: { error() {} } });
  closing.push(() => operations.close({ graceMs: 0 }));
  await operations.ready();
  const health = async () => {
    await clock.advance(1000);
    return operations.health.check();
  };
  return { database, user, store, health };
}

/** Closes the user's connections, so that new ones have the current settings. */
async function reconnect(database: TestDatabase, user: string): Promise<void> {
  await database.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [user]);
}

describe('health with PostgreSQL (contract 52)', () => {
  it.each([
    ['UPDATE', 'longrunning.operations'],
    ['INSERT', 'longrunning.operations'],
    ['DELETE', 'longrunning.operations'],
    ['UPDATE', 'longrunning_jobs.job'],
    ['INSERT', 'longrunning_jobs.job'],
  ])('the user may not %s %s: NOT_SERVING until it may again', async (privilege, table) => {
    const { database, user, health } = await serve();
    expect(await health()).toBe('SERVING');
    await database.query(`REVOKE ${privilege} ON ${table} FROM ${user}`);
    expect(await health()).toBe('NOT_SERVING');
    await database.query(`GRANT ${privilege} ON ${table} TO ${user}`);
    expect(await health()).toBe('SERVING');
  });

  it('a write that the user may not make: UNAVAILABLE, so that work is recorded later', async () => {
    const { database, user, store } = await serve();
    await store.create(recordOf(1));
    await database.query(`REVOKE UPDATE ON longrunning.operations FROM ${user}`);
    await expectKitError(store.compareAndSet(recordOf(1, { version: 2 }), 1), Code.UNAVAILABLE);
    await database.query(`GRANT UPDATE ON longrunning.operations TO ${user}`);
    expect(await store.compareAndSet(recordOf(1, { version: 2 }), 1)).toBe(true);
  });

  it('the database is read-only, as a standby is: NOT_SERVING until it is not', async () => {
    const { database, user, health } = await serve();
    await database.query(`ALTER USER ${user} SET default_transaction_read_only = on`);
    await reconnect(database, user);
    expect(await health()).toBe('NOT_SERVING');
    await database.query(`ALTER USER ${user} RESET ALL`);
    await reconnect(database, user);
    await expectSoon(health, 'SERVING');
  });

  it('tables cannot grow: NOT_SERVING from the first failed write until there is room', async () => {
    const { database, store, health } = await serve();
    // Raises the error that PostgreSQL raises on a full disk, at the same place.
    await database.query(`
      CREATE FUNCTION longrunning.disk_full() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER disk_full BEFORE INSERT ON longrunning.operations
        FOR EACH ROW EXECUTE FUNCTION longrunning.disk_full()`);
    await expectKitError(store.create(recordOf(1)), Code.UNAVAILABLE);
    expect(await health()).toBe('NOT_SERVING');
    expect(await health()).toBe('NOT_SERVING');
    await database.query('DROP TRIGGER disk_full ON longrunning.operations');
    expect(await health()).toBe('SERVING');
    // The trials have left nothing.
    const { rows } = await database.query('SELECT name FROM longrunning.operations');
    expect(rows).toEqual([]);
  });
});

/** Broken connections of the pool are detected one by one. */
async function expectSoon(health: () => Promise<string>, condition: string): Promise<void> {
  for (let asked = 0; asked < 10 && (await health()) !== condition; asked++);
  expect(await health()).toBe(condition);
}
