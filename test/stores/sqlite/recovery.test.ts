import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ReportMetadata } from '../../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../../generated/example/reports/v1/reports.operations.js';
import { ErrorInfo } from '../../../generated/google/rpc/error_details.js';
import { type ReportsServerOptions, startReportsServer } from '../../../src/conformance/reports-server.js';
import { unpack } from '../../../src/core/any.js';
import { Code, StatusError } from '../../../src/core/status.js';
import { implement } from '../../../src/server/index.js';
import type {
  ConsumeOptions,
  OperationRecord,
  WorkOutcome,
} from '../../../src/stores/contract/operation-store.js';
import { sqliteStore } from '../../../src/stores/sqlite/index.js';
import { settled } from '../../../src/testing/clock/manual-clock.js';
import { type TempDirectory, tempDirectory } from '../../helpers/sqlite-file.js';
import { ended, recordOf } from '../stores.js';

let directory: TempDirectory;
const file = () => join(directory.path, 'operations.db');
beforeEach(() => {
  directory = tempDirectory();
});
afterEach(() => directory[Symbol.dispose]());

const startServer = (options: ReportsServerOptions = {}) =>
  startReportsServer({ ...options, store: sqliteStore(file()) });

const consuming = (methods: readonly string[], maxRunning = 10): ConsumeOptions => ({
  methods: new Set(methods),
  maxRunning,
  onError: (error) => {
    throw error;
  },
});

/** Creates the file of a store whose server died, with these records. */
async function leaveBehind(...records: OperationRecord[]): Promise<void> {
  const store = sqliteStore(file());
  for (const record of records) await store.create(record);
  await store.close();
}

describe('SQLite store › interrupted work', () => {
  it('is handed out once its method is added, and not again when it is added again', async () => {
    const before = await startServer();
    const { name } = await before.inProcess.purgeReports();
    await before[Symbol.asyncDispose]();
    await using server = await startServer({ serves: ['exportReport'] });
    await settled();
    const { api: service } = server.kit;
    expect(await service.getOperation({ name })).toMatchObject({ done: false });
    let runs = 0;
    const left = Promise.withResolvers<void>();
    const purge = implement(ReportsOperations.purgeReports, {
      onInterrupted: 'resume',
      async run() {
        runs++;
        await left.promise;
        return {};
      },
    });
    server.kit.add(purge);
    server.kit.add(purge);
    left.resolve();
    const ended = await service.waitOperation({ name, timeout: { seconds: 60, nanos: 0 } });
    expect(ended).toMatchObject({ done: true, result: { $case: 'response' } });
    expect(runs).toBe(1);
  });

  it('is handed out after reopening: running or queued, oldest first, each once', async () => {
    await leaveBehind(recordOf(1, { attempt: 2 }), recordOf(2, ended(10)), recordOf(3));
    const store = sqliteStore(file());
    const handedOut: string[] = [];
    const outcome = Promise.withResolvers<WorkOutcome>();
    const handler = ({ name, attempt }: OperationRecord) => {
      handedOut.push(`${name}#${attempt}`);
      return outcome.promise;
    };
    // Records that become durable meanwhile are neither lost nor handed out twice.
    const created = store.create(recordOf(4));
    store.consume(handler, consuming(['/s/m']));
    await created;
    await store.create(recordOf(5));
    await settled();
    expect(handedOut).toEqual([1, 3, 4, 5].map((id) => `a/operations/${id}#${id === 1 ? 2 : 0}`));
    outcome.resolve('ended');
    await store.close();
  });

  it('of a method not implemented here is left alone, and reported', async () => {
    await leaveBehind(recordOf(1, { method: '/s/old', attempt: 1 }), recordOf(2));
    await using server = await startServer();
    await server.kit.ready();
    await settled();
    expect(server.logged).toEqual([
      {
        facts: { methods: ['/s/old', '/s/m'] },
        message: expect.stringContaining('waiting for a server that implements'),
      },
    ]);
    await server.kit.close({ graceMs: 0 });
    const store = sqliteStore(file());
    expect(await store.get('a/operations/1')).toMatchObject({ attempt: 1, version: 1, result: undefined });
    await store.close();
  });

  it('that was released is handed out again, to the same or another server', async () => {
    await leaveBehind(recordOf(1));
    const store = sqliteStore(file());
    let times = 0;
    store.consume(async () => (++times < 3 ? 'released' : 'ended'), consuming(['/s/m']));
    await settled();
    expect(times).toBe(3);
    await store.close();
  });
});

describe('server on SQLite › killed with work in progress', () => {
  /** Starts an operation, and leaves the file in the state that a server killed at that point leaves. */
  async function killed(begun: 'queued' | 'running', { cancel = false } = {}): Promise<string> {
    const store = sqliteStore(file());
    const dying = await startReportsServer({
      store: { ...methodsOf(store), close: async () => {} },
      onAbort: 'ignore',
      maxRunning: 1,
      exportReport: { onInterrupted: 'resume' },
    });
    let { name } = await dying.inProcess.exportReport({ title: 'first' });
    await (await dying.exports.on(name)).context.update({ progressPercent: 40 });
    if (begun === 'queued') ({ name } = await dying.inProcess.exportReport({ title: 'second' }));
    if (cancel) await dying.overGrpc.operations.cancelOperation({ name });
    // Later changes do not reach the file.
    await store.close();
    await dying[Symbol.asyncDispose]();
    return name;
  }

  function methodsOf(store: ReturnType<typeof sqliteStore>) {
    return {
      ready: store.ready.bind(store),
      create: store.create.bind(store),
      get: store.get.bind(store),
      findByRequestId: store.findByRequestId.bind(store),
      compareAndSet: store.compareAndSet.bind(store),
      delete: store.delete.bind(store),
      list: store.list.bind(store),
      deleteExpired: store.deleteExpired.bind(store),
      unfinishedMethods: store.unfinishedMethods.bind(store),
      watch: store.watch.bind(store),
      consume: store.consume.bind(store),
    };
  }

  it("'abort': ends with ABORTED and an ErrorInfo with the reason (contract 4)", async () => {
    const name = await killed('running');
    await using server = await startServer();
    const operation = await server.overGrpc.operations.waitOperation({ name });
    if (operation.result?.$case !== 'error') throw new Error('it did not end with an error');
    const error = StatusError.from(operation.result.value);
    expect(error.code).toBe(Code.ABORTED);
    expect(error.detail(ErrorInfo)).toMatchObject({ reason: 'OPERATION_INTERRUPTED', domain: 'longrunning' });
    expect(server.exports.begun).not.toContain(name);
  });

  it("'abort', cancel acknowledged before: ends as CANCELLED (contract 19)", async () => {
    const name = await killed('running', { cancel: true });
    await using server = await startServer();
    const operation = await server.overGrpc.operations.waitOperation({ name });
    expect(operation.result).toMatchObject({ $case: 'error', value: { code: Code.CANCELLED } });
  });

  it("'resume': runs again with an incremented attempt and the metadata", async () => {
    const name = await killed('running');
    await using server = await startServer({ exportReport: { onInterrupted: 'resume' } });
    const run = await server.exports.on(name);
    expect(run.request.title).toBe('first');
    expect(run.context).toMatchObject({ attempt: 2, metadata: { progressPercent: 40 } });
    run.succeed({ uri: 'second time' });
    expect(await server.overGrpc.operations.waitOperation({ name })).toMatchObject({
      done: true,
      result: { $case: 'response' },
    });
  });

  it("'resume', cancel acknowledged before: runs with a signal that has aborted (contract 19)", async () => {
    const name = await killed('running', { cancel: true });
    await using server = await startServer({ exportReport: { onInterrupted: 'resume' } });
    const { context } = await server.exports.on(name);
    expect(context.signal.aborted).toBe(true);
    const operation = await server.overGrpc.operations.waitOperation({ name });
    expect(operation.result).toMatchObject({ $case: 'error', value: { code: Code.CANCELLED } });
    if (!operation.metadata) throw new Error('it lost its metadata');
    expect(unpack(ReportMetadata, operation.metadata)).toMatchObject({ cancelRequested: true });
  });

  it('queued: runs for the first time', async () => {
    const name = await killed('queued');
    await using server = await startServer();
    expect((await server.exports.on(name)).context.attempt).toBe(1);
  });

  it('queued and cancelled: never runs (contract 17)', async () => {
    const name = await killed('queued', { cancel: true });
    await using server = await startServer();
    await settled();
    const operation = await server.overGrpc.operations.getOperation({ name });
    expect(operation.result).toMatchObject({ $case: 'error', value: { code: Code.CANCELLED } });
    expect(server.exports.begun).not.toContain(name);
  });
});
