import { describe, expect, it } from '@jest/globals';
import { type ReportsServerOptions, startReportsServer } from '../../src/conformance/reports-server.js';
import { Code, StatusError } from '../../src/core/status.js';
import { memoryStore } from '../../src/server/index.js';
import { aroundStore } from '../../src/stores/contract/around-store.js';
import type { OperationRecord, WorkOutcome } from '../../src/stores/contract/operation-store.js';
import { settled } from '../../src/testing/clock/manual-clock.js';

/** A server, and the outcomes that its store is given for the work that it hands out. */
async function serve(options: ReportsServerOptions = {}) {
  const store = memoryStore();
  const outcomes: (WorkOutcome | Error)[] = [];
  const server = await startReportsServer({
    ...options,
    store: {
      ...aroundStore(store, (_call, proceed) => proceed()),
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

describe('the outcome of work that a store is given', () => {
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

  it('ended: somebody else has ended it, and that ending stays (contract 4)', async () => {
    const { server, store, outcomes, begin, change } = await serve({ onAbort: 'ignore' });
    await using _ = server;
    const { name, run } = await begin();
    await change(name, { result: FAILED, endTime: 1 });
    run.succeed();
    await settled();
    expect(outcomes).toEqual(['ended']);
    expect((await store.get(name))?.result).toEqual(FAILED);
  });

  it('superseded: a later attempt has the work, and what this one says does not count', async () => {
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
