import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { startReportsServer } from '../../src/conformance/reports-server.js';
import { Code, type StatusError } from '../../src/core/status.js';
import { createOperations, implement, memoryStore } from '../../src/server/index.js';
import { ServedMethod } from '../../src/server/work/served-method.js';
import type { OperationRecord, OperationStore } from '../../src/stores/contract/operation-store.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { settled } from '../../src/testing/clock/manual-clock.js';
import { tempDirectory } from '../helpers/sqlite-file.js';

const exportReport = (implementation: object) => ({ exportReport: implementation }) as const;

describe('maxRunning of a method', () => {
  it('bounds its operations on a server, and does not delay those of other methods', async () => {
    await using server = await startReportsServer({ maxRunning: 3, ...exportReport({ maxRunning: 1 }) });
    const { inProcess, exports, purges } = server;
    const names: string[] = [];
    for (let count = 0; count < 4; count++) names.push((await inProcess.exportReport()).name);
    const purged = (await inProcess.purgeReports()).name;
    await purges.on(purged);
    await settled();
    expect(exports.begun).toEqual(names.slice(0, 1));
    for (const [index, name] of names.entries()) {
      (await exports.on(name)).succeed();
      await inProcess.operations.waitOperation({ name });
      await settled();
      expect(exports.begun).toEqual(names.slice(0, index + 2));
    }
    (await purges.on(purged)).succeed();
  });

  it('is bounded by maxRunning of the server, and may be Infinity', async () => {
    await using server = await startReportsServer({
      maxRunning: 2,
      ...exportReport({ maxRunning: Number.POSITIVE_INFINITY }),
    });
    for (let count = 0; count < 3; count++) await server.inProcess.exportReport();
    await settled();
    expect(server.exports.begun).toHaveLength(2);
  });

  it.each([0, -1, 1.5, Number.NaN, '2', 2n, null])('rejects %p', async (maxRunning) => {
    await expect(startReportsServer(exportReport({ maxRunning }))).rejects.toThrow(
      /^maxRunning of .* is .*: give/,
    );
  });
});

describe('maxRunMs', () => {
  it('aborts the work, and the operation ends with DEADLINE_EXCEEDED, whatever the work does', async () => {
    await using server = await startReportsServer({
      ...exportReport({ maxRunMs: 30_000 }),
      onAbort: 'ignore',
    });
    const { name } = await server.inProcess.exportReport();
    const { context, succeed } = await server.exports.on(name);
    await server.manual.advance(29_999);
    expect([context.signal.aborted, context.stopReason]).toEqual([false, undefined]);
    await server.manual.advance(1);
    expect([context.signal.aborted, context.stopReason]).toEqual([true, 'timedOut']);
    const reason = context.signal.reason as StatusError;
    expect(reason.detail(ErrorInfo)?.reason).toBe('WORK_TIMED_OUT');
    const ended = await server.inProcess.operations.waitOperation({ name });
    expect(ended.result).toMatchObject({
      $case: 'error',
      value: { code: Code.DEADLINE_EXCEEDED, message: expect.stringContaining('longer than 30000 ms') },
    });
    succeed({ uri: 'too late' });
    await context.update({ progressPercent: 100 });
    await settled();
    expect(await server.inProcess.operations.getOperation({ name })).toEqual(ended);
  });

  it('makes room for other work, even if the work ignores its signal', async () => {
    await using server = await startReportsServer({
      maxRunning: 1,
      ...exportReport({ maxRunMs: 1000 }),
      onAbort: 'ignore',
    });
    const first = await server.inProcess.exportReport();
    const { name } = await server.inProcess.exportReport();
    await server.exports.on(first.name);
    await server.manual.advance(1000);
    expect((await server.exports.on(name)).context.name).toBe(name);
  });

  it('does not count the time in the queue', async () => {
    await using server = await startReportsServer({ maxRunning: 1, ...exportReport({ maxRunMs: 1000 }) });
    const first = await server.inProcess.exportReport();
    const { name } = await server.inProcess.exportReport();
    const before = await server.exports.on(first.name);
    await server.manual.advance(900);
    before.succeed();
    const second = await server.exports.on(name);
    await server.manual.advance(900);
    expect(second.context.signal.aborted).toBe(false);
    second.succeed();
    expect(await server.inProcess.operations.waitOperation({ name })).toMatchObject({
      result: { $case: 'response' },
    });
    expect(server.manual.armed).toBe(0);
  });

  it('ends work that is still being cancelled as cancelled', async () => {
    await using server = await startReportsServer({ ...exportReport({ maxRunMs: 1000 }), onAbort: 'ignore' });
    const { name } = await server.inProcess.exportReport();
    const { context } = await server.exports.on(name);
    await server.inProcess.operations.cancelOperation({ name });
    await settled();
    await server.manual.advance(1000);
    expect(await server.inProcess.operations.waitOperation({ name })).toMatchObject({
      result: { $case: 'error', value: { code: Code.CANCELLED } },
    });
    expect(context.stopReason).toBe('cancelled');
  });

  it('gives each resumed attempt the full time', async () => {
    using directory = tempDirectory();
    const open = () =>
      startReportsServer({
        store: sqliteStore(join(directory.path, 'operations.db')),
        ...exportReport({ maxRunMs: 1000, onInterrupted: 'resume' }),
      });
    const first = await open();
    const { name } = await first.inProcess.exportReport();
    await first.exports.on(name);
    await first.manual.advance(900);
    await first[Symbol.asyncDispose]();
    await using second = await open();
    const { context } = await second.exports.on(name);
    expect(context.attempt).toBe(2);
    await second.manual.advance(999);
    expect(context.stopReason).toBeUndefined();
    await second.manual.advance(1);
    expect(context.stopReason).toBe('timedOut');
    expect(await second.inProcess.operations.waitOperation({ name })).toMatchObject({
      result: { $case: 'error', value: { code: Code.DEADLINE_EXCEEDED } },
    });
  });

  it.each([0, -1, Number.NaN, '1000', 5n, null])('rejects %p', async (maxRunMs) => {
    await expect(startReportsServer(exportReport({ maxRunMs }))).rejects.toThrow(
      /^maxRunMs of .* is .*: give/,
    );
  });
});

describe('maxResumes', () => {
  it.each([-1, 1.5, Number.NaN, '2'])('rejects %p', async (maxResumes) => {
    await expect(startReportsServer(exportReport({ maxResumes }))).rejects.toThrow(
      /^maxResumes of .* is .*: give/,
    );
  });

  it.each([
    [undefined, 4],
    [0, 0],
    [2, 2],
    [Number.POSITIVE_INFINITY, 1000],
  ])('%p allows %d further attempts', (maxResumes, allowed) => {
    const served = new ServedMethod(
      implement(ReportsOperations.exportReport, { run: () => ({}), onInterrupted: 'resume', maxResumes }),
    );
    const resumes = (attempt: number) => served.resumes({ attempt } as OperationRecord);
    expect(resumes(allowed)).toBe(true);
    expect(resumes(allowed + 1)).toBe(maxResumes === Number.POSITIVE_INFINITY);
  });
});

it.each([null, 'half done', 50])('update rejects %p, and the work continues', async (update) => {
  await using server = await startReportsServer();
  const { name } = await server.inProcess.exportReport();
  const work = await server.exports.on(name);
  await expect(work.context.update(update as never)).rejects.toThrow(/was given .*: give an object/);
  work.succeed();
  expect((await server.inProcess.operations.waitOperation({ name })).result?.$case).toBe('response');
});

describe('stopReason', () => {
  it('is cancelled after a cancel request, also when the server stops later', async () => {
    await using server = await startReportsServer({ onAbort: 'ignore' });
    const { name } = await server.inProcess.exportReport();
    const { context } = await server.exports.on(name);
    expect(context.stopReason).toBeUndefined();
    const seen: unknown[] = [];
    context.signal.addEventListener('abort', () => seen.push(context.stopReason));
    await server.inProcess.operations.cancelOperation({ name });
    await settled();
    expect(seen).toEqual(['cancelled']);
    await server.kit.close({ graceMs: 0 });
    expect(context.stopReason).toBe('cancelled');
    expect((context.signal.reason as StatusError).code).toBe(Code.CANCELLED);
  });

  it.each(['abort', 'resume'] as const)(
    'is stopping when the server stops, with onInterrupted: %s',
    async (onInterrupted) => {
      await using server = await startReportsServer({
        ...exportReport({ onInterrupted }),
        onAbort: 'ignore',
      });
      const { name } = await server.inProcess.exportReport();
      const { context } = await server.exports.on(name);
      const closed = server.kit.close({ graceMs: 1000 });
      await settled();
      expect(context.stopReason).toBeUndefined();
      await server.manual.advance(1000);
      await closed;
      expect(context.stopReason).toBe('stopping');
      expect((context.signal.reason as StatusError).detail(ErrorInfo)?.reason).toBe('SERVER_STOPPING');
    },
  );

  it('is superseded once another server has the work, even if this one stops later', async () => {
    const store = memoryStore();
    await using server = await startReportsServer({ store, onAbort: 'ignore' });
    const { name } = await server.inProcess.exportReport();
    const { context } = await server.exports.on(name);
    const record = await store.get(name);
    if (!record) throw new Error('the record is missing');
    await store.compareAndSet({ ...record, version: record.version + 1, attempt: 2 }, record.version);
    await settled();
    expect(context.stopReason).toBe('superseded');
    await server.kit.close({ graceMs: 0 });
    expect(context.stopReason).toBe('superseded');
  });
});

describe('the default of onInterrupted', () => {
  /** Returns the methods that are warned of. */
  const warned = async (store: OperationStore, implementation: object) => {
    await using server = await startReportsServer({ store, ...exportReport(implementation) });
    const warnings = server.logged.filter(({ message }) => message.includes('onInterrupted'));
    return warnings.map(({ facts }) => facts.method);
  };
  const { path } = ReportsOperations.exportReport;

  it('logs a warning with a durable store, once per method', async () => {
    using directory = tempDirectory();
    expect(
      await warned(sqliteStore(join(directory.path, 'operations.db')), { onInterrupted: undefined }),
    ).toEqual([path]);
  });

  it.each(['abort', 'resume'])('logs no warning if onInterrupted is %s', async (onInterrupted) => {
    using directory = tempDirectory();
    expect(await warned(sqliteStore(join(directory.path, 'operations.db')), { onInterrupted })).toEqual([]);
  });

  it('logs no warning if operations end with the process anyway', async () => {
    expect(await warned(memoryStore(), { onInterrupted: undefined })).toEqual([]);
    expect(await warned(sqliteStore(':memory:'), { onInterrupted: undefined })).toEqual([]);
  });

  it('logs a warning when a method is added later, once', async () => {
    using directory = tempDirectory();
    const lines: string[] = [];
    const logger = { error: () => {}, warn: (_: object, message: string) => lines.push(message) };
    await using operations = createOperations({
      store: sqliteStore(join(directory.path, 'operations.db')),
      methods: [],
      logger,
    });
    const added = implement(ReportsOperations.exportReport, { run: async () => ({}) });
    operations.add(added);
    operations.add(added);
    expect(lines).toEqual([
      `when this server stops, running work of ${path} ends with ABORTED, because its onInterrupted is not set: ` +
        "set it to 'resume' to run the work again on another server, or to 'abort' to keep this",
    ]);
  });
});
