import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startReportsServer } from '../../../src/conformance/reports-server.js';
import { systemClock } from '../../../src/core/clock.js';
import { Code } from '../../../src/core/status.js';
import { createOperations } from '../../../src/server/index.js';
import { MIGRATIONS } from '../../../src/stores/migrations/postgres/index.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { createDatabase, type TestDatabase } from '../../helpers/postgres-database.js';
import { ended, expectMigrated, recordOf } from '../stores.js';

/** Server that resumes interrupted work. */
function startReplica({ url }: TestDatabase) {
  const store = postgresStore({ connectionString: url, poolSize: 4, leaseMs: 1000, workPollMs: 50 });
  return startReportsServer({ clock: systemClock, pageTokenSecret: 'shared', store });
}

/** Downgrades a schema to its second version, as far as servers of that version can see. */
async function downgrade({ query }: TestDatabase): Promise<void> {
  await query(`
    DROP INDEX longrunning.operations_by_request_hash, longrunning.operations_unfinished_by_sequence;
    CREATE UNIQUE INDEX operations_by_request ON longrunning.operations (method, parent, request_id)
      WHERE request_id IS NOT NULL;
    DROP TABLE longrunning.settings;
    DELETE FROM longrunning.migrations WHERE version > 2`);
}

describe('a schema of an earlier version', () => {
  it('the first: its operations are kept, and new ones have trace contexts', async () => {
    await using database = await createDatabase();
    await database.query('CREATE SCHEMA longrunning');
    await database.query('CREATE TABLE longrunning.migrations (version INTEGER PRIMARY KEY)');
    await database.query('INSERT INTO longrunning.migrations VALUES (1)');
    await database.query(MIGRATIONS[0]?.('longrunning') ?? '');
    const { name, parent, method, createTime } = recordOf(1);
    await database.query(
      `INSERT INTO longrunning.operations
         (name, parent, method, request, cancellable, version, attempt, create_time)
       VALUES ('${name}', '${parent}', '${method}', '', true, 1, 0, ${createTime})`,
    );

    await expectMigrated(postgresStore({ connectionString: database.url }));
  });

  it('migrated with running and queued work: all of it runs once, and a request id keeps its operation (contract 8)', async () => {
    await using database = await createDatabase();
    await using earlier = await startReplica(database);
    const requestId = 'the same';
    const { name } = await earlier.inProcess.exportReport({ requestId });
    const run = await earlier.exports.on(name);
    await downgrade(database);
    await using later = await startReplica(database);
    await later.kit.ready();
    const { rows } = await database.query('SELECT max(version) AS version FROM longrunning.migrations');
    expect(rows).toEqual([{ version: MIGRATIONS.length }]);
    for (const { inProcess } of [earlier, later]) {
      expect(await inProcess.exportReport({ requestId })).toMatchObject({ name, done: false });
    }
    const waited = later.inProcess.operations.waitOperation({ name });
    run.succeed({ uri: 'gs://reports/1' });
    expect(await waited).toMatchObject({ done: true, result: { $case: 'response' } });
    expect([...earlier.exports.begun, ...later.exports.begun]).toEqual([name]);
  });
});

describe('a schema of a later version', () => {
  it.each([
    ['that this one may use: it is used unchanged', 1, undefined],
    [
      'that this one may not use: refused, with the version that can',
      MIGRATIONS.length + 1,
      /update longrunning, or/,
    ],
  ])('%s', async (_what, oldestVersion, refusal) => {
    await using database = await createDatabase();
    const before = postgresStore({ connectionString: database.url });
    await before.create(recordOf(1));
    await before.close();
    await database.query(`INSERT INTO longrunning.migrations VALUES (${MIGRATIONS.length + 1})`);
    await database.query(
      `UPDATE longrunning.settings SET value = '${oldestVersion}' WHERE key = 'oldest_version'`,
    );
    const store = postgresStore({ connectionString: database.url });
    try {
      if (refusal) {
        const message = expect.stringMatching(refusal);
        await expect(store.ready()).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION, message });
        return;
      }
      expect(await store.get(recordOf(1).name)).toMatchObject({ version: 1 });
      await store.create(recordOf(2));
      const { rows } = await database.query('SELECT max(version) AS version FROM longrunning.migrations');
      expect(rows).toEqual([{ version: MIGRATIONS.length + 1 }]);
    } finally {
      await store.close();
    }
  });
});

describe('a page token', () => {
  it('of one server is valid on the others, and after a restart of all (contract 27)', async () => {
    await using database = await createDatabase();
    const list = async (pageToken?: string) => {
      const store = postgresStore({ connectionString: database.url });
      const operations = createOperations({ store, methods: [] });
      const page = await operations.api.listOperations({ name: 'a', pageSize: 1, pageToken });
      await operations.close({ graceMs: 0 });
      return page;
    };
    const store = postgresStore({ connectionString: database.url });
    for (const id of [1, 2]) await store.create(recordOf(id, { ...ended(Number.MAX_SAFE_INTEGER) }));
    await store.close();
    const first = await list();
    expect(await list(first.nextPageToken)).toMatchObject({ operations: [{ name: recordOf(1).name }] });
  });
});

describe('a migration', () => {
  it('behind a long foreign transaction: UNAVAILABLE soon, and applied when retried', async () => {
    await using database = await createDatabase();
    const store = postgresStore({ connectionString: database.url });
    await store.create(recordOf(1));
    await downgrade(database);
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query('BEGIN');
    await other.query('SELECT FROM longrunning.operations');
    const later = postgresStore({ connectionString: database.url });
    try {
      await expect(later.ready()).rejects.toMatchObject({ code: Code.UNAVAILABLE });
      expect(await store.get(recordOf(1).name)).toMatchObject({ version: 1 });
      await other.query('ROLLBACK');
      await later.ready();
      expect(await later.get(recordOf(1).name)).toMatchObject({ version: 1 });
    } finally {
      await other.end();
      await store.close();
      await later.close();
    }
  });
});

describe('a server of the previous version', () => {
  it('writes and finds operations in a schema that was migrated meanwhile', async () => {
    await using database = await createDatabase();
    const store = postgresStore({ connectionString: database.url });
    try {
      await store.ready();
      // Statements of that version, as released.
      const create = `
        INSERT INTO longrunning.operations
          (name, parent, method, request, request_id, cancellable, version, attempt, create_time)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::boolean[], $7::integer[],
          $8::integer[], $9::bigint[])
        ON CONFLICT DO NOTHING RETURNING name`;
      const row = (name: string) => [[name], ['a'], ['/s/m'], [Buffer.of()], ['id'], [true], [1], [0], [1]];
      const created = await database.query(create, row('a/operations/1'));
      expect(created.rows).toEqual([{ name: 'a/operations/1' }]);
      expect((await database.query(create, row('a/operations/2'))).rows).toEqual([]);
      const find =
        'SELECT name FROM longrunning.operations WHERE method = $1 AND parent = $2 AND request_id = $3';
      expect((await database.query(find, ['/s/m', 'a', 'id'])).rows).toEqual([{ name: 'a/operations/1' }]);
      expect(await store.create(recordOf(3, { requestId: 'id' }))).toMatchObject({ name: 'a/operations/1' });
    } finally {
      await store.close();
    }
  });
});
