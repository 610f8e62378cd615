import { afterEach, describe, expect, it } from '@jest/globals';
import { PARENT, startReportsServer } from '../../../src/conformance/reports-server.js';
import { systemClock } from '../../../src/core/clock.js';
import { Code } from '../../../src/core/status.js';
import { type PostgresStoreOptions, postgresStore } from '../../../src/stores/postgres/index.js';
import { createDatabase, startOwnPostgres } from '../../helpers/postgres-database.js';
import { recordOf } from '../stores.js';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});

async function openDatabase() {
  const database = await createDatabase();
  open.push(database);
  return database;
}

async function startReplica(options: PostgresStoreOptions) {
  const replica = await startReportsServer({ clock: systemClock, store: postgresStore(options) });
  open.push(replica);
  return replica;
}

describe('work in PostgreSQL', () => {
  it('of an unimplemented method is left alone, and reported', async () => {
    const { url, query } = await openDatabase();
    const store = postgresStore({ connectionString: url });
    await store.create(recordOf(1, { method: '/s/unknown' }));
    await store.close();
    const replica = await startReplica({ connectionString: url, workPollMs: 20 });
    await replica.kit.ready();
    expect(replica.logged).toMatchObject([{ facts: { methods: ['/s/unknown'] } }]);
    const { name } = await replica.inProcess.exportReport();
    (await replica.exports.on(name)).succeed();
    await replica.inProcess.operations.waitOperation({ name });
    const { rows } = await query("SELECT attempt FROM longrunning.operations WHERE method = '/s/unknown'");
    expect(rows).toEqual([{ attempt: 0 }]);
  });

  it('whose job was lost is found again', async () => {
    const { url, query } = await openDatabase();
    const store = postgresStore({ connectionString: url });
    const method = '/example.reports.v1.Reports/ExportReport';
    await store.create(recordOf(1, { method, parent: PARENT, name: `${PARENT}/operations/1` }));
    await store.close();
    const { rowCount } = await query('DELETE FROM longrunning_jobs.job');
    expect(rowCount).toBe(1);
    const replica = await startReplica({ connectionString: url, reconcileMs: 50 });
    await replica.exports.on(`${PARENT}/operations/1`);
  });

  it('has one job, however often it is reconciled', async () => {
    const { url, query } = await openDatabase();
    const replica = await startReplica({ connectionString: url, reconcileMs: 10, workPollMs: 10 });
    const { name } = await replica.inProcess.exportReport();
    const run = await replica.exports.on(name);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { rows } = await query(
      "SELECT state::text FROM longrunning_jobs.job WHERE data->>'operation' = $1",
      [name],
    );
    expect(rows).toEqual([{ state: 'active' }]);
    run.succeed();
    await replica.inProcess.operations.waitOperation({ name });
    expect(replica.exports.begun).toEqual([name]);
  });

  it('survives a restart of the database: ends during it are recorded afterwards', async () => {
    const postgres = await startOwnPostgres();
    open.push({ [Symbol.asyncDispose]: () => postgres.stop() });
    const replica = await startReplica({ connectionString: postgres.url });
    const { name } = await replica.inProcess.exportReport();
    const run = await replica.exports.on(name);
    const waited = replica.inProcess.operations.waitOperation({ name }).catch((error) => error);
    const restarted = postgres.restart();
    run.succeed({ uri: 'gs://reports/1' });
    await restarted;
    const answer = await waited;
    // A wait interrupted by the restart rejects; the client would retry.
    if (answer instanceof Error) expect(answer).toMatchObject({ code: Code.UNAVAILABLE });
    for (;;) {
      try {
        const ended = await replica.inProcess.operations.waitOperation({ name });
        expect(ended.result?.$case).toBe('response');
        return;
      } catch (error) {
        expect(error).toMatchObject({ code: Code.UNAVAILABLE });
      }
    }
  });
});
