import { describe, expect, it } from '@jest/globals';
import { type ReportsServerOptions, startReportsServer } from '../../src/conformance/reports-server.js';
import { Code, StatusError } from '../../src/core/status.js';
import { memoryStore } from '../../src/server/index.js';
import { type AroundCall, aroundStore } from '../../src/stores/contract/around-store.js';
import type { OperationRecord, WorkOutcome } from '../../src/stores/contract/operation-store.js';
import { settled } from '../../src/testing/clock/manual-clock.js';

/** A server, and the outcomes that its store is given for the work that it hands out. */
async function serve(options: ReportsServerOptions = {}, around: AroundCall = (_call, proceed) => proceed()) {
  const store = memoryStore();
  const outcomes: (WorkOutcome | Error)[] = [];
  const server = await startReportsServer({
    ...options,
    store: {
      ...aroundStore(store, around),
      consume: (handler, consuming) =>
        store.consume(async (record) => {
          const outcome = await handler(record).catch((error: Error) => error);
          outcomes.push(outcome);
          // The memory store would hand out released work again.
          return 'ended';
        }, consuming),
    },
  });
  const begin = async () => {
    const { name } = await server.inProcess.exportReport();
    const run = await server.exports.on(name);
    return { name, run };
  };
  /** Changes the record behind the server's back, as another server does. */
  const change = async (name: string, facts: Partial<OperationRecord>) => {
    const record = await store.get(name);
    if (!record) throw new Error(`${name} is not there`);
    await store.compareAndSet({ ...record, ...facts, version: record.version + 1 }, record.version);
  };
  return { server, store, outcomes, begin, change };
}

const FAILED: OperationRecord['result'] = {
  $case: 'error',
  value: { code: Code.DATA_LOSS, message: 'elsewhere', details: [] },
};

describe('the work outcome that a store receives', () => {
  it.each<[string, (run: { succeed(): void; fail(error: unknown): void }) => void]>([
    ['succeeds', (run) => run.succeed()],
    ['fails', (run) => run.fail(new StatusError(Code.ABORTED, 'failed'))],
    ['fails unexpectedly', (run) => run.fail('failed')],
  ])('ended: the work %s', async (_what, end) => {
    const { server, outcomes, begin } = await serve();
    await using _ = server;
    end((await begin()).run);
    await settled();
    expect(outcomes).toEqual(['ended']);
  });

  it('ended: the operation was deleted meanwhile, and its record goes with the work (contract 20)', async () => {
    const { server, store, outcomes, begin } = await serve();
    await using _ = server;
    const { name, run } = await begin();
    await server.inProcess.operations.deleteOperation({ name });
    run.succeed();
    await settled();
    expect(outcomes).toEqual(['ended']);
    expect(await store.get(name)).toBeUndefined();
  });

  it('ended: the record is gone', async () => {
    const { server, store, outcomes, begin } = await serve();
    await using _ = server;
    const { name, run } = await begin();
    await store.delete(name);
    run.succeed();
    await settled();
    expect(outcomes).toEqual(['ended']);
  });

  it('ended: another server has ended it, and that outcome stays (contract 4)', async () => {
    const { server, store, outcomes, begin, change } = await serve({ onAbort: 'ignore' });
    await using _ = server;
    const { name, run } = await begin();
    await change(name, { result: FAILED, endTime: 1 });
    run.succeed();
    await settled();
    expect(outcomes).toEqual(['ended']);
    expect((await store.get(name))?.result).toEqual(FAILED);
  });

  it('superseded: a later attempt has the work, and this one no longer counts', async () => {
    const { server, store, outcomes, begin, change } = await serve({ onAbort: 'ignore' });
    await using _ = server;
    const { name, run } = await begin();
    await change(name, { attempt: 2 });
    run.succeed();
    await settled();
    expect(outcomes).toEqual(['superseded']);
    expect(await store.get(name)).toMatchObject({ attempt: 2 });
    expect((await store.get(name))?.result).toBeUndefined();
  });

  it('superseded: the signal of the work aborts with WORK_TAKEN_OVER', async () => {
    const { server, outcomes, begin, change } = await serve();
    await using _ = server;
    const { name, run } = await begin();
    await change(name, { attempt: 2 });
    await settled();
    expect(run.context.signal.reason).toMatchObject({
      code: Code.ABORTED,
      message: expect.stringMatching(/has taken over the work/),
    });
    expect(outcomes).toEqual(['superseded']);
  });

  it.each([
    ['ended', 'abort', 'ABORTED'],
    ['released', 'resume', 'running'],
  ] as const)('%s: the server stops, and the method is one to %s', async (outcome, onInterrupted, state) => {
    const { server, store, outcomes, begin } = await serve({ exportReport: { onInterrupted } });
    const { name } = await begin();
    await server.kit.close({ graceMs: 0 });
    expect(outcomes).toEqual([outcome]);
    const result = (await store.get(name))?.result;
    expect(result?.$case === 'error' ? result.value.code : 'running').toBe(
      state === 'ABORTED' ? Code.ABORTED : state,
    );
    await server[Symbol.asyncDispose]();
  });
});

/** Fails the first `times` changes of records, before or after the change is made. */
function failingChanges(error: Error, times: number, when: 'before' | 'after'): AroundCall {
  let left = times;
  return async (call, proceed) => {
    if (call.method !== 'compareAndSet' || left === 0) return proceed();
    left--;
    if (when === 'after') await proceed();
    throw error;
  };
}

describe('work whose store fails', () => {
  const away = new StatusError(Code.UNAVAILABLE, 'away');
  const broken = new Error('disk is broken');

  it.each([
    ['away', away],
    ['broken', broken],
  ])('released: its start was recorded, and the store was %s before it answered', async (_what, error) => {
    const { server, outcomes } = await serve({}, failingChanges(error, 1, 'after'));
    await using _ = server;
    await server.inProcess.exportReport();
    await settled();
    await server.manual.advance(100);
    await settled();
    expect(outcomes).toEqual(['released']);
    expect(server.exports.begun).toEqual([]);
  });

  it.each([
    [1, 0],
    [2, 1],
  ])('superseded: another server has begun attempt %d (calls that failed: %d)', async (attempt, failures) => {
    const { server, store, outcomes, change } = await serve({}, async (call, proceed) => {
      if (call.method !== 'compareAndSet' || (await store.get(call.name))?.attempt !== 0) return proceed();
      await change(call.name, { attempt });
      if (failures > 0) throw away;
      return proceed();
    });
    await using _ = server;
    await server.inProcess.exportReport();
    await settled();
    await server.manual.advance(100);
    await settled();
    expect(outcomes).toEqual(['superseded']);
  });

  it('ended with an internal error: its start cannot be recorded', async () => {
    const { server, store, outcomes } = await serve({}, failingChanges(broken, 1, 'before'));
    await using _ = server;
    const { name } = await server.inProcess.exportReport();
    await settled();
    expect(outcomes).toEqual(['ended']);
    expect((await store.get(name))?.result).toMatchObject({ $case: 'error', value: { code: Code.UNKNOWN } });
    expect(server.exports.begun).toEqual([]);
    expect(server.logged).toContainEqual(
      expect.objectContaining({ facts: expect.objectContaining({ err: broken }) }),
    );
  });

  it('ended with an internal error: its end cannot be recorded, and the store fails twice more', async () => {
    let isBroken = false;
    const fail = failingChanges(broken, 3, 'before');
    const { server, store, outcomes, begin } = await serve({}, (call, proceed) =>
      isBroken ? fail(call, proceed) : proceed(),
    );
    await using _ = server;
    const { name, run } = await begin();
    isBroken = true;
    run.succeed();
    for (const pauseMs of [0, 100, 200]) {
      await server.manual.advance(pauseMs);
      await settled();
    }
    expect(outcomes).toEqual(['ended']);
    expect((await store.get(name))?.result).toMatchObject({ $case: 'error', value: { code: Code.UNKNOWN } });
    const retries = server.logged.filter(({ message }) => message === 'store failed: trying again');
    expect(retries.map(({ facts }) => facts.pauseMs)).toEqual([100, 200]);
  });
});
