import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import {
  PARENT,
  type ReportsServerOptions,
  startReportsServer,
} from '../../../src/conformance/reports-server.js';
import { systemClock } from '../../../src/core/clock.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { createDatabase, type TestDatabase } from '../../helpers/postgres-database.js';

/** Starts one of several servers on a database. */
function startReplica(database: TestDatabase, options: Omit<ReportsServerOptions, 'store'> = {}) {
  const store = postgresStore({ connectionString: database.url, poolSize: 4 });
  return startReportsServer({ clock: systemClock, pageTokenSecret: 'shared', ...options, store });
}

/**
 * Starts a server whose only slot is occupied, so that it does no other work. It must be the first on its database,
 * to get that work.
 */
async function startBusyReplica(database: TestDatabase) {
  const replica = await startReplica(database, { maxRunning: 1, onAbort: 'ignore' });
  const { name } = await replica.inProcess.exportReport({ parent: 'projects/busy' });
  await replica.exports.on(name);
  return replica;
}

describe('servers on one PostgreSQL', () => {
  it('each of them answers any call', async () => {
    await using database = await createDatabase();
    await using a = await startReplica(database);
    await using b = await startReplica(database);
    const started = await a.overGrpc.exportReport();
    const { name } = started;
    expect(await b.overGrpc.operations.getOperation({ name })).toMatchObject({ name, done: false });
    const first = await a.overGrpc.operations.listOperations({ name: PARENT, pageSize: 1 });
    expect(first.operations.map((operation) => operation.name)).toEqual([name]);
    await b.overGrpc.operations.cancelOperation({ name });
    const ended = await a.overGrpc.operations.waitOperation({ name });
    expect(ended.result).toMatchObject({ $case: 'error', value: { code: 1 } });
    expect(await b.overGrpc.operations.getOperation({ name })).toEqual(ended);
    await b.overGrpc.operations.deleteOperation({ name });
    await expect(a.overGrpc.operations.getOperation({ name })).rejects.toMatchObject({ code: 5 });
  });

  it('a page token of one is valid on another', async () => {
    await using database = await createDatabase();
    await using a = await startReplica(database);
    await using b = await startReplica(database);
    const names: string[] = [];
    for (let count = 0; count < 3; count++) names.unshift((await a.inProcess.exportReport()).name);
    const request = { name: PARENT, pageSize: 2 };
    const first = await a.inProcess.operations.listOperations(request);
    const pageToken = first.nextPageToken;
    const second = await b.inProcess.operations.listOperations({ ...request, pageToken });
    expect([...first.operations, ...second.operations].map(({ name }) => name)).toEqual(names);
  });

  it('a cancel at one aborts the work of another', async () => {
    await using database = await createDatabase();
    await using other = await startBusyReplica(database);
    await using worker = await startReplica(database);
    const { name } = await other.inProcess.exportReport();
    const run = await worker.exports.on(name);
    await other.inProcess.operations.cancelOperation({ name });
    const ended = await other.inProcess.operations.waitOperation({ name });
    expect(run.context.signal.aborted).toBe(true);
    expect(ended.result).toMatchObject({ $case: 'error', value: { code: 1 } });
  });

  it('the end at one wakes a wait at another', async () => {
    await using database = await createDatabase();
    await using other = await startBusyReplica(database);
    await using worker = await startReplica(database);
    const { name } = await other.inProcess.exportReport();
    const run = await worker.exports.on(name);
    const waited = other.inProcess.operations.waitOperation({ name });
    run.succeed({ uri: 'gs://reports/1' });
    expect(await waited).toMatchObject({ done: true, result: { $case: 'response' } });
  });

  it('broken connections lose nothing', async () => {
    await using database = await createDatabase();
    await using other = await startBusyReplica(database);
    await using worker = await startReplica(database);
    for (let round = 0; round < 3; round++) {
      const { name } = await other.inProcess.exportReport();
      const run = await worker.exports.on(name);
      const waited = other.inProcess.operations.waitOperation({ name });
      await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
      );
      run.succeed({ uri: 'gs://reports/1' });
      expect(await waited).toMatchObject({ done: true, result: { $case: 'response' } });
    }
  });

  it('a request id starts one operation, on whichever server', async () => {
    await using database = await createDatabase();
    const exportReport = { requestId: ({ title }: { title: string }) => title };
    await using a = await startReplica(database, { exportReport });
    await using b = await startReplica(database, { exportReport });
    const asked = Array.from({ length: 20 }, (_, index) => (index % 2 ? a : b));
    const started = await Promise.all(
      asked.map(({ inProcess }) => inProcess.exportReport({ title: 'same' })),
    );
    expect(new Set(started.map(({ name }) => name)).size).toBe(1);
    const { operations } = await a.inProcess.operations.listOperations({ name: PARENT });
    expect(operations).toHaveLength(1);
  });

  it('whose process was suspended for longer than a lease continue their work', async () => {
    await using database = await createDatabase();
    const options = { connectionString: database.url, leaseMs: 3000, poolSize: 4 };
    const start = () =>
      startReportsServer({ clock: systemClock, store: postgresStore(options), maxRunning: 1 });
    await using a = await start();
    await using b = await start();
    const names = [(await a.inProcess.exportReport()).name, (await b.inProcess.exportReport()).name];
    const runs = await Promise.all(
      names.map((name) => Promise.race([a.exports.on(name), b.exports.on(name)])),
    );
    // Both servers have searched for lapsed claims by now, and would search next.
    await delay(4000);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 7000);
    await delay(4000);
    for (const run of runs) run.succeed();
    for (const name of names) {
      const ended = await a.inProcess.operations.waitOperation({ name });
      expect(ended.result).toMatchObject({ $case: 'response' });
    }
    const { rows } = await database.query('SELECT DISTINCT attempt FROM longrunning.operations');
    expect(rows).toEqual([{ attempt: 1 }]);
  });

  it('share the work, each operation once', async () => {
    await using database = await createDatabase();
    await using a = await startReplica(database, { maxRunning: 5, exportReport: { run: async () => ({}) } });
    await using b = await startReplica(database, { maxRunning: 5, exportReport: { run: async () => ({}) } });
    const started = await Promise.all(
      Array.from({ length: 100 }, (_, index) => (index % 2 ? a : b).inProcess.exportReport()),
    );
    for (const { name } of started) {
      expect(await a.inProcess.operations.waitOperation({ name })).toMatchObject({ done: true });
    }
    const { rows } = await database.query('SELECT DISTINCT attempt FROM longrunning.operations');
    expect(rows).toEqual([{ attempt: 1 }]);
    expect([...a.logged, ...b.logged]).toEqual([]);
  });

  it('work released by a stopping server is taken over immediately', async () => {
    await using database = await createDatabase();
    const first = await startReplica(database, { exportReport: { onInterrupted: 'resume' } });
    const { name } = await first.inProcess.exportReport();
    await first.exports.on(name);
    await using second = await startReplica(database, { exportReport: { onInterrupted: 'resume' } });
    await first[Symbol.asyncDispose]();
    const run = await second.exports.on(name);
    run.succeed({ uri: 'gs://reports/1' });
    expect(await second.inProcess.operations.waitOperation({ name })).toMatchObject({ done: true });
    const { rows } = await database.query('SELECT attempt FROM longrunning.operations');
    expect(rows).toEqual([{ attempt: 2 }]);
  });
});
