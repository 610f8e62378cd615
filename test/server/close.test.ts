import { describe, expect, it } from '@jest/globals';
import { expectKitError } from '../../src/conformance/kit-error.js';
import { startReportsServer } from '../../src/conformance/reports-server.js';
import { Code, StatusError } from '../../src/core/status.js';
import { aroundStore } from '../../src/stores/contract/around-store.js';
import type { OperationRecord, OperationStore } from '../../src/stores/contract/operation-store.js';
import { memoryStore } from '../../src/stores/memory/memory-store.js';
import { settled } from '../../src/testing/clock/manual-clock.js';

/** A store whose records can be read after the server closed it. */
function startServer(onAbort: 'honor' | 'ignore') {
  const store = memoryStore();
  return startReportsServer({ onAbort, store, maxRunning: 1 });
}

describe('close', () => {
  it('waits for running work within the grace period, and records its end', async () => {
    await using server = await startServer('ignore');
    const { name } = await server.inProcess.exportReport();
    const run = await server.exports.on(name);
    const closed = server.kit.close({ graceMs: 1000 });
    await server.manual.advance(500);
    expect(run.context.signal.aborted).toBe(false);
    run.succeed({ uri: 'in time' });
    await closed;
    const ended = await server.inProcess.operations.getOperation({ name });
    expect(ended).toMatchObject({ done: true, result: { $case: 'response' } });
    expect(server.manual.armed).toBe(0);
  });

  it('completes even if the store fails: every signal aborts, the store is closed', async () => {
    let closed = false;
    const memory = memoryStore();
    const broken: OperationStore = {
      ...aroundStore(memory, ({ method }, proceed) =>
        method === 'compareAndSet' && down ? fail() : proceed(),
      ),
      close: async () => {
        closed = true;
      },
    };
    let down = false;
    const fail = () => Promise.reject(new Error('database is down'));
    await using server = await startReportsServer({ store: broken });
    const started = [await server.inProcess.exportReport(), await server.inProcess.exportReport()];
    const runs = await Promise.all(started.map(({ name }) => server.exports.on(name)));
    down = true;
    await server.kit.close({ graceMs: 0 });
    expect(runs.map(({ context }) => context.signal.aborted)).toEqual([true, true]);
    expect(closed).toBe(true);
    expect(server.logged.map(({ message }) => message)).toContain('interruption could not be recorded');
  });

  it.each(['working', 'ending'])('does not wait for an unavailable store: work that is %s', async (state) => {
    const memory = memoryStore();
    let away = false;
    const unavailable = new StatusError(Code.UNAVAILABLE, 'database is away');
    const store = aroundStore(memory, async (_, proceed) => {
      if (away) throw unavailable;
      return await proceed();
    });
    await using server = await startReportsServer({ store });
    const { name } = await server.inProcess.exportReport();
    const run = await server.exports.on(name);
    away = true;
    if (state === 'ending') run.succeed();
    await settled();
    await server.kit.close({ graceMs: 0 });
    expect(run.context.signal.aborted).toBe(state === 'working');
    expect(server.manual.armed).toBe(0);
  });

  it('does not begin work that the store delivers after the stop', async () => {
    const memory = memoryStore();
    const onItsWay = Promise.withResolvers<void>();
    const store: OperationStore = {
      ...aroundStore(memory, (_, proceed) => proceed()),
      consume: (handler, options) =>
        memory.consume((record) => onItsWay.promise.then(() => handler(record)), options),
    };
    await using server = await startReportsServer({ store });
    const { name } = await server.inProcess.exportReport();
    await server.kit.close({ graceMs: 0 });
    onItsWay.resolve();
    await settled();
    expect(server.exports.begun).toEqual([]);
    expect(await memory.get(name)).toMatchObject({ attempt: 0 });
  });

  it('does not begin work that arrives during the grace period', async () => {
    const memory = memoryStore();
    const onItsWay = Promise.withResolvers<void>();
    let first: string | undefined;
    const store: OperationStore = {
      ...aroundStore(memory, (_, proceed) => proceed()),
      consume: (handler, options) =>
        memory.consume(async (record) => {
          first ??= record.name;
          if (record.name !== first) await onItsWay.promise;
          return await handler(record);
        }, options),
    };
    await using server = await startReportsServer({ store });
    const { name } = await server.inProcess.exportReport();
    const run = await server.exports.on(name);
    const late = await server.inProcess.exportReport();
    await settled();
    const closed = server.kit.close({ graceMs: 1000 });
    onItsWay.resolve();
    await settled();
    run.succeed();
    await closed;
    expect(server.exports.begun).toEqual([name]);
    expect(await memory.get(late.name)).toMatchObject({ attempt: 0 });
    expect(await memory.get(name)).toMatchObject({ result: { $case: 'response' } });
  });

  it('rejects a start that was still being accepted', async () => {
    const accepting = Promise.withResolvers<undefined>();
    await using server = await startReportsServer({ exportReport: { onStart: () => accepting.promise } });
    const refused = expectKitError(server.inProcess.exportReport(), Code.UNAVAILABLE);
    await server.kit.close({ graceMs: 0 });
    accepting.resolve(undefined);
    await refused;
  });

  it('aborts the remaining work and records ABORTED, not CANCELLED', async () => {
    await using server = await startServer('honor');
    const { name } = await server.inProcess.exportReport();
    const run = await server.exports.on(name);
    const closed = server.kit.close({ graceMs: 1000 });
    await server.manual.advance(1000);
    await closed;
    expect(run.context.signal.reason).toMatchObject({ code: Code.ABORTED });
    await settled();
    const ended = await server.inProcess.operations.getOperation({ name });
    expect(ended.result).toMatchObject({ $case: 'error', value: { code: Code.ABORTED } });
  });

  it('records CANCELLED for work whose cancellation was requested but that did not end in time (contract 14)', async () => {
    await using server = await startServer('ignore');
    const { name } = await server.inProcess.exportReport();
    await server.exports.on(name);
    await server.inProcess.operations.cancelOperation({ name });
    const closed = server.kit.close({ graceMs: 1000 });
    await server.manual.advance(1000);
    await closed;
    const ended = await server.inProcess.operations.getOperation({ name });
    expect(ended.result).toMatchObject({ $case: 'error', value: { code: Code.CANCELLED } });
  });

  it('does not begin queued work, and rejects starts (contract 32)', async () => {
    await using server = await startServer('ignore');
    const first = await server.inProcess.exportReport();
    await server.inProcess.exportReport();
    const run = await server.exports.on(first.name);
    const closed = server.kit.close({ graceMs: 1000 });
    await expect(server.overGrpc.exportReport()).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    run.succeed();
    await closed;
    await settled();
    expect(server.exports.begun).toEqual([first.name]);
  });

  it('completes immediately without running work, and may be called twice', async () => {
    await using server = await startServer('honor');
    await server.kit.close({ graceMs: 60_000 });
    await server.kit.close({ graceMs: 60_000 });
    expect(server.manual.armed).toBe(0);
  });
});

describe('close, with a store that neither answers nor fails', () => {
  it.each(['working', 'ending'] as const)('continues after a second: work that is %s', async (state) => {
    let hanging = false;
    const store = aroundStore(memoryStore(), async (_, proceed) => {
      if (hanging) await new Promise(() => {});
      return await proceed();
    });
    await using server = await startReportsServer({ store });
    const { name } = await server.inProcess.exportReport();
    const run = await server.exports.on(name);
    hanging = true;
    if (state === 'ending') run.succeed();
    await settled();
    let isClosed = false;
    const closed = server.kit.close({ graceMs: 0 }).then(() => {
      isClosed = true;
    });
    await server.manual.advance(999);
    await settled();
    expect(isClosed).toBe(false);
    await server.manual.advance(1);
    await closed;
    expect(run.context.signal.aborted).toBe(state === 'working');
    expect(server.logged.at(-1)?.message).toMatch(/could not be recorded in time$/);
    expect(server.manual.armed).toBe(0);
  });
});

describe('close, while the store is slow', () => {
  /** A store that answers matching changes after the gate is opened. */
  function slowStore(isSlow: (record: OperationRecord) => boolean) {
    const memory = memoryStore();
    const gate = Promise.withResolvers<void>();
    const store: OperationStore = {
      ...aroundStore(memory, (_, proceed) => proceed()),
      async compareAndSet(record, version) {
        if (isSlow(record)) await gate.promise;
        return await memory.compareAndSet(record, version);
      },
    };
    return { memory, store, gate };
  }

  it.each([
    ['the end of work', true, 'response'],
    ['its interruption', false, 'error'],
  ])('waits for a second until %s is recorded, and logs nothing', async (_, ends, result) => {
    const { memory, store, gate } = slowStore((record) => record.result !== undefined);
    await using server = await startReportsServer({ store });
    const { name } = await server.inProcess.exportReport();
    const run = await server.exports.on(name);
    if (ends) run.succeed();
    await settled();
    const closed = server.kit.close({ graceMs: 0 });
    await server.manual.advance(999);
    gate.resolve();
    await closed;
    expect((await memory.get(name))?.result?.$case).toBe(result);
    expect(server.logged).toEqual([]);
  });

  it.each([
    ['fails', new Error('disk is broken')],
    ['is unavailable', new StatusError(Code.UNAVAILABLE, 'away')],
  ])('leaves work queued if its start is being recorded when the store %s', async (_, error) => {
    const { memory, store, gate } = slowStore(({ attempt }) => attempt === 1);
    await using server = await startReportsServer({ store });
    const { name } = await server.inProcess.exportReport();
    await settled();
    const closed = server.kit.close({ graceMs: 0 });
    gate.reject(error);
    await closed;
    await settled();
    const record = await memory.get(name);
    expect([record?.attempt, record?.result]).toEqual([0, undefined]);
    expect(server.exports.begun).toEqual([]);
  });

  it('waits until the failure of a start is recorded', async () => {
    const memory = memoryStore();
    const gate = Promise.withResolvers<void>();
    const store = aroundStore(memory, async ({ method, name }, proceed) => {
      if (method !== 'compareAndSet') return await proceed();
      if (!isBroken) await gate.promise;
      else {
        isBroken = false;
        throw new Error(`${name} could not be written`);
      }
      return await proceed();
    });
    let isBroken = true;
    await using server = await startReportsServer({ store });
    const { name } = await server.inProcess.exportReport();
    await settled();
    let isClosed = false;
    const closed = server.kit.close({ graceMs: 0 }).then(() => {
      isClosed = true;
    });
    await server.manual.advance(999);
    await settled();
    expect(isClosed).toBe(false);
    gate.resolve();
    await closed;
    expect((await memory.get(name))?.result).toMatchObject({ $case: 'error', value: { code: Code.UNKNOWN } });
  });

  it.each([
    ['queued whose start', false, 0],
    ['running whose end', true, 1],
  ])('leaves work %s is retried because the store is unavailable', async (_, begins, attempt) => {
    let isAway = false;
    const memory = memoryStore();
    const store = aroundStore(memory, async ({ method }, proceed) => {
      if (isAway && method === 'compareAndSet') throw new StatusError(Code.UNAVAILABLE, 'away');
      return await proceed();
    });
    await using server = await startReportsServer({ store });
    isAway = !begins;
    const { name } = await server.inProcess.exportReport();
    if (begins) {
      const run = await server.exports.on(name);
      isAway = true;
      run.succeed();
    }
    await settled();
    isAway = false;
    await server.kit.close({ graceMs: 0 });
    await settled();
    const record = await memory.get(name);
    expect([record?.attempt, record?.result]).toEqual([attempt, undefined]);
    expect(server.exports.begun).toEqual(begins ? [name] : []);
  });
});
