import { describe, expect, it, jest } from '@jest/globals';
import { ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import { type ReportsServer, startReportsServer } from '../../src/conformance/reports-server.js';
import { unpack } from '../../src/core/any.js';
import { Code, StatusError } from '../../src/core/status.js';
import { memoryStore } from '../../src/server/index.js';
import { Waiters } from '../../src/server/service/waiters.js';
import { aroundStore } from '../../src/stores/contract/around-store.js';
import type {
  OperationRecord,
  OperationResult,
  OperationStore,
} from '../../src/stores/contract/operation-store.js';
import { settled } from '../../src/testing/clock/manual-clock.js';
import { QUIET_TELEMETRY } from './user-code.js';

/** A store that delays those changes of records that match, until the gate is opened. */
function gatedStore(isGated: (record: OperationRecord) => boolean) {
  const memory = memoryStore();
  const gate = Promise.withResolvers<void>();
  const store: OperationStore = {
    ...aroundStore(memory, (_, proceed) => proceed()),
    async compareAndSet(record, version) {
      if (isGated(record)) await gate.promise;
      return memory.compareAndSet(record, version);
    },
  };
  return { store, open: gate.resolve };
}

describe('work that throws', () => {
  it.each<[string, boolean, (signal: AbortSignal) => unknown, object]>([
    [
      'an AbortError although nobody cancelled it: an internal error',
      false,
      () => new DOMException('x', 'AbortError'),
      { code: Code.UNKNOWN, message: expect.stringMatching(/^internal error/) },
    ],
    [
      'an AbortError after it was cancelled: cancelled',
      true,
      () => new DOMException('x', 'AbortError'),
      { code: Code.CANCELLED, message: 'operation was cancelled' },
    ],
    [
      'an error with the reason of its signal as cause: cancelled',
      true,
      ({ reason }) => new Error('gave up', { cause: reason }),
      { code: Code.CANCELLED, message: 'operation was cancelled' },
    ],
    [
      'an error with another cause after it was cancelled: an internal error',
      true,
      () => new Error('gave up', { cause: new Error('disk is full') }),
      { code: Code.UNKNOWN, message: expect.stringMatching(/^internal error/) },
    ],
    [
      'a StatusError of its own with the code CANCELLED: that error',
      true,
      () => new StatusError(Code.CANCELLED, 'stopped halfway'),
      { code: Code.CANCELLED, message: 'stopped halfway' },
    ],
  ])('%s', async (_, cancels, thrown, error) => {
    await using server = await startReportsServer({ onAbort: 'ignore' });
    const { name } = await server.inProcess.exportReport();
    const run = await server.exports.on(name);
    if (cancels) await server.inProcess.operations.cancelOperation({ name });
    await settled();
    run.fail(thrown(run.context.signal));
    const ended = await server.inProcess.operations.waitOperation({ name });
    expect(ended.result).toMatchObject({ $case: 'error', value: error });
  });
});

describe('work and its record', () => {
  it('does not begin if the server stops while its start is being recorded', async () => {
    const { store, open } = gatedStore(({ attempt }) => attempt === 1);
    await using server = await startReportsServer({ store });
    await server.inProcess.exportReport();
    await settled();
    await server.kit.close({ graceMs: 0 });
    open();
    await settled();
    expect(server.exports.begun).toEqual([]);
  });

  it('is not aborted by a cancellation that arrives while its end is being recorded', async () => {
    const { store, open } = gatedStore(({ result }) => result !== undefined);
    await using server = await startReportsServer({ store, onAbort: 'ignore' });
    const { name } = await server.inProcess.exportReport();
    const run = await server.exports.on(name);
    run.succeed({ uri: 'x' });
    await settled();
    await server.inProcess.operations.cancelOperation({ name });
    await settled();
    expect(run.context.signal.aborted).toBe(false);
    open();
    expect(await server.inProcess.operations.waitOperation({ name })).toMatchObject({
      result: { $case: 'response' },
    });
  });

  it('records no progress that is reported after the method returned', async () => {
    const { store, open } = gatedStore(({ result }) => result !== undefined);
    await using server = await startReportsServer({ store });
    const { name } = await server.inProcess.exportReport();
    const run = await server.exports.on(name);
    await run.context.update({ progressPercent: 50 });
    run.succeed({ uri: 'x' });
    await settled();
    await run.context.update({ progressPercent: 99 });
    open();
    const { metadata } = await server.inProcess.operations.waitOperation({ name });
    expect(metadata && unpack(ReportMetadata, metadata)).toMatchObject({ progressPercent: 50 });
  });

  it('logs progress that cannot be recorded, and records what is reported after', async () => {
    await using server = await startReportsServer();
    const { name } = await server.inProcess.exportReport();
    const run = await server.exports.on(name);
    run.context.update({ progressPercent: Number.NaN }).catch(() => {});
    await run.context.update({ progressPercent: 7 });
    run.succeed();
    const { metadata } = await server.inProcess.operations.waitOperation({ name });
    expect(metadata?.value.subarray(0, 2)).toEqual(Buffer.from([8, 7]));
    expect(server.logged.map(({ message }) => message)).toContain('progress could not be recorded');
  });

  it('reports to telemetry that it was superseded if another server ended the operation', async () => {
    const endings: unknown[] = [];
    const run = () => ({ ...QUIET_TELEMETRY.run(), end: (ending: unknown) => endings.push(ending) });
    const store = memoryStore();
    const telemetry = { ...QUIET_TELEMETRY, run } as never;
    await using server = await startReportsServer({ store, telemetry, onAbort: 'ignore' });
    const { name } = await server.inProcess.exportReport();
    const work = await server.exports.on(name);
    const record = (await store.get(name)) as OperationRecord;
    const result: OperationResult = {
      $case: 'error',
      value: { code: Code.ABORTED, message: '', details: [] },
    };
    await store.compareAndSet({ ...record, version: record.version + 1, result, endTime: 1 }, record.version);
    work.succeed();
    await settled();
    expect(endings).toEqual(['superseded']);
  });

  it.each([
    ['interrupted', 'abort'],
    ['released', 'resume'],
  ] as const)(
    'reports to telemetry that it was %s if the server stops and the method is set to %s',
    async (ending, onInterrupted) => {
      const endings: unknown[] = [];
      const run = () => ({ ...QUIET_TELEMETRY.run(), end: (...ended: unknown[]) => endings.push(ended[0]) });
      const telemetry = { ...QUIET_TELEMETRY, run } as never;
      await using server = await startReportsServer({ telemetry, exportReport: { onInterrupted } });
      const { name } = await server.inProcess.exportReport();
      await server.exports.on(name);
      await server.kit.close({ graceMs: 0 });
      expect(endings).toEqual([ending]);
    },
  );

  it.each<[string, (server: ReportsServer, name: string) => unknown]>([
    ['cancelled', ({ inProcess }, name) => inProcess.operations.cancelOperation({ name })],
    ['succeeded', async ({ exports }, name) => (await exports.on(name)).succeed()],
    ['failed', async ({ exports }, name) => (await exports.on(name)).fail(new Error('disk is full'))],
  ])('reports to telemetry that it %s', async (ending, end) => {
    const endings: unknown[] = [];
    const run = () => ({ ...QUIET_TELEMETRY.run(), end: (...ended: unknown[]) => endings.push(ended) });
    const telemetry = { ...QUIET_TELEMETRY, run } as never;
    await using server = await startReportsServer({ telemetry });
    const { name } = await server.inProcess.exportReport();
    await server.exports.on(name);
    await end(server, name);
    await settled();
    expect(endings).toEqual([[ending, ending === 'failed' ? expect.any(StatusError) : undefined]]);
  });

  it('reports a cancel request to telemetry only once (contract 13)', async () => {
    let cancellations = 0;
    const run = () => ({ ...QUIET_TELEMETRY.run(), cancelRequested: () => cancellations++ });
    const telemetry = { ...QUIET_TELEMETRY, run } as never;
    await using server = await startReportsServer({ telemetry, onAbort: 'ignore' });
    const { name } = await server.inProcess.exportReport();
    const { context, succeed } = await server.exports.on(name);
    for (let times = 0; times < 3; times++) {
      await server.inProcess.operations.cancelOperation({ name });
      await context.update({ progressPercent: times });
    }
    succeed();
    await settled();
    expect(cancellations).toBe(1);
  });

  it('begins with an aborted signal if its cancellation was requested before it is resumed (contract 19)', async () => {
    const store = memoryStore();
    const record: OperationRecord = {
      name: 'operations/1',
      parent: '',
      method: '/example.reports.v1.Reports/ExportReport',
      request: new Uint8Array(),
      cancellable: true,
      version: 3,
      attempt: 1,
      createTime: 1,
      cancelRequestTime: 2,
      metadata: undefined,
    };
    await store.create(record);
    await using server = await startReportsServer({
      store,
      onAbort: 'ignore',
      exportReport: { onInterrupted: 'resume' },
    });
    const { context } = await server.exports.on(record.name);
    expect(context.attempt).toBe(2);
    expect(context.signal.reason).toMatchObject({ code: Code.CANCELLED });
  });

  it('leaves no subscription behind, however it ends', async () => {
    let left = 0;
    const { subscribe } = Waiters.prototype;
    const spy = jest.spyOn(Waiters.prototype, 'subscribe').mockImplementation(function (
      this: Waiters,
      ...args
    ) {
      const unsubscribe = subscribe.apply(this, args);
      left++;
      return () => {
        left--;
        unsubscribe();
      };
    });
    try {
      await using server = await startReportsServer();
      const started = await Promise.all([1, 2, 3].map(() => server.inProcess.exportReport()));
      const [first, second, third] = await Promise.all(started.map(({ name }) => server.exports.on(name)));
      expect(left).toBe(3);
      first?.succeed();
      second?.fail(new Error('disk is full'));
      await server.inProcess.operations.cancelOperation({ name: third?.context.name ?? '' });
      await settled();
      expect(left).toBe(0);
    } finally {
      spy.mockRestore();
    }
  });

  it('is recorded with retries and backoff up to 5 s while the store is unavailable', async () => {
    let failures = 9;
    const memory = memoryStore();
    const store: OperationStore = {
      ...aroundStore(memory, (_, proceed) => proceed()),
      async compareAndSet(record, version) {
        if (record.result && failures-- > 0) throw new StatusError(Code.UNAVAILABLE, 'away');
        return memory.compareAndSet(record, version);
      },
    };
    await using server = await startReportsServer({ store });
    const { name } = await server.inProcess.exportReport();
    (await server.exports.on(name)).succeed();
    const ended = server.inProcess.operations.waitOperation({ name });
    while (failures >= 0) {
      await settled();
      await server.manual.advance(5000);
    }
    expect(await ended).toMatchObject({ result: { $case: 'response' } });
    const retries = server.logged.filter(({ message }) => message === 'store is not available: trying again');
    expect(retries.map(({ facts }) => facts.pauseMs)).toEqual([
      100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000,
    ]);
  });
});
