import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Operation } from '../../../generated/google/longrunning/operations.js';
import { startReportsServer } from '../../../src/conformance/reports-server.js';
import { systemClock } from '../../../src/core/clock.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { createDatabase, type TestDatabase } from '../../helpers/postgres-database.js';
import type { HistoryEvent } from '../../torture/history.ts';
import { ServerProcess } from '../../torture/server-process.ts';

// The server processes are those of the torture test: their reports are resumed, their purges are not.

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});

/** Server process that works on one operation of each kind. */
async function startWorker(database: TestDatabase) {
  const began = new Map<string, PromiseWithResolvers<void>>();
  const begun = (name: string) => {
    const known = began.get(name) ?? Promise.withResolvers<void>();
    began.set(name, known);
    return known;
  };
  const record = (event: HistoryEvent) => {
    if (event.type === 'work began') begun(event.name).resolve();
  };
  const module = join(__dirname, '../../torture/server.ts');
  // Otherwise its work may end before this test stops it.
  globalThis.process.env.TORTURE_WORK = 'steady';
  const process = new ServerProcess({ store: database.url, number: 1, record, module });
  open.push({ [Symbol.asyncDispose]: () => process.kill() });
  await process.start();
  return { process, begun: (name: string) => begun(name).promise };
}

async function startReplica(database: TestDatabase, leaseMs = 2000) {
  const store = postgresStore({ connectionString: database.url, leaseMs });
  const exportReport = { onInterrupted: 'resume' } as const;
  const replica = await startReportsServer({ clock: systemClock, store, exportReport, maxRunning: 10 });
  open.push(replica);
  return replica;
}

/** Starts an operation of each kind on a server in another process, and a server in this one. */
async function startOperations() {
  const database = await createDatabase();
  open.push(database);
  const here = await startReplica(database);
  const there = await startWorker(database);
  const startThere = async (
    start: () => Promise<Operation>,
    work: { on(name: string): Promise<{ succeed(): void }> },
  ): Promise<Operation> => {
    for (;;) {
      const operation = await start();
      let isThere = false;
      // Either server may get the work; this process ends its own.
      const mine = work.on(operation.name).then((run) => {
        if (!isThere) run.succeed();
      });
      const theirs = there.begun(operation.name).then(() => {
        isThere = true;
      });
      await Promise.race([mine, theirs]);
      if (isThere) return operation;
    }
  };
  const report = await startThere(here.inProcess.exportReport, here.exports);
  const purge = await startThere(here.inProcess.purgeReports, here.purges);
  return { here, there: there.process, report, purge };
}

describe('a dead server on PostgreSQL', () => {
  it('killed: its work is resumed or ended elsewhere', async () => {
    const { here, there, report, purge } = await startOperations();
    await there.kill();
    const run = await here.exports.on(report.name);
    expect(run.context.attempt).toBe(2);
    run.succeed({ uri: 'gs://reports/1' });
    const { operations } = here.inProcess;
    expect(await operations.waitOperation({ name: report.name })).toMatchObject({
      done: true,
      result: { $case: 'response' },
    });
    expect(await operations.waitOperation({ name: purge.name })).toMatchObject({
      result: { $case: 'error', value: { code: 10 } },
    });
  });

  it('suspended and resumed: its later reports have no effect', async () => {
    const { here, there, report, purge } = await startOperations();
    there.signal('SIGSTOP');
    const run = await here.exports.on(report.name);
    const { operations } = here.inProcess;
    const purged = await operations.waitOperation({ name: purge.name });
    there.signal('SIGCONT');
    // Its work ends after a little more than three seconds.
    await delay(4000);
    expect(await operations.getOperation({ name: report.name })).toMatchObject({ done: false });
    expect(await operations.getOperation({ name: purge.name })).toEqual(purged);
    run.succeed({ uri: 'second' });
    expect(await operations.waitOperation({ name: report.name })).toMatchObject({ done: true });
  });
});
