import { describe, expect, it } from '@jest/globals';
import { type ReportsServerOptions, startReportsServer } from '../../src/conformance/reports-server.js';
import { Code } from '../../src/core/status.js';
import { type AroundCall, aroundStore } from '../../src/stores/contract/around-store.js';
import type {
  ChangeListener,
  OperationRecord,
  OperationStore,
} from '../../src/stores/contract/operation-store.js';
import { memoryStore } from '../../src/stores/memory/memory-store.js';
import { settled } from '../../src/testing/clock/manual-clock.js';

/** Report of one change by a store. */
type News = Parameters<ChangeListener>;

/** A store that says nothing of its changes by itself: the test does. */
function silentStore() {
  const listeners = new Set<ChangeListener>();
  const store: OperationStore = Object.assign(memoryStore(), {
    watch(listener: ChangeListener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  const tell: ChangeListener = (...news) => {
    for (const listener of listeners) listener(...news);
  };
  return { store, tell };
}

/** An operation that is waited for and has ended, of which nobody was told; the record before and after its end. */
async function unheardEnd() {
  const { store, tell } = silentStore();
  const server = await startReportsServer({ store });
  const { name } = await server.inProcess.exportReport();
  const run = await server.exports.on(name);
  const waited = server.inProcess.operations.waitOperation({ name });
  const before = (await store.get(name)) as OperationRecord;
  await settled();
  run.succeed({ uri: 'in the end' });
  await settled();
  const after = (await store.get(name)) as OperationRecord;
  expect(after.result?.$case).toBe('response');
  return { server, name, tell, waited, before, after };
}

describe('a wait that is notified of changed records', () => {
  it.each<[string, (facts: { name: string; before: OperationRecord; after: OperationRecord }) => News[]]>([
    ['with its end', ({ name, after }) => [[name, after]]],
    [
      'with an earlier state after its end',
      ({ name, before, after }) => [
        [name, after],
        [name, before],
      ],
    ],
    ['with an earlier state, after the name only', ({ name, before }) => [[name], [name, before]]],
    ['with an earlier state, before the name only', ({ name, before }) => [[name, before], [name]]],
    ['with an earlier state, before a possibly missed change', ({ name, before }) => [[name, before], []]],
  ])('%s: it ends (contract 24)', async (_, newsOf) => {
    const facts = await unheardEnd();
    await using _server = facts.server;
    for (const news of newsOf(facts)) facts.tell(...news);
    expect(await facts.waited).toMatchObject({ done: true });
  });

  it('of a deletion: NOT_FOUND (contract 20)', async () => {
    const { server, tell, name, before, waited } = await unheardEnd();
    await using _server = server;
    tell(name, { ...before, deleteTime: before.createTime });
    await expect(waited).rejects.toMatchObject({ code: 5 });
  });
});

describe('work whose record another server changed', () => {
  /** Work in progress; the store reports only what the test tells, and passes its calls through `around`. */
  async function begin(
    options: ReportsServerOptions = {},
    around: AroundCall = (_call, proceed) => proceed(),
  ) {
    const { store, tell } = silentStore();
    const server = await startReportsServer({ ...options, store: aroundStore(store, around) });
    const { name } = await server.inProcess.exportReport();
    /** Changes the record behind the server's back. */
    const change = async (facts: Partial<OperationRecord>) => {
      const record = (await store.get(name)) as OperationRecord;
      const changed = { ...record, ...facts, version: record.version + 1 };
      await store.compareAndSet(changed, record.version);
      return changed;
    };
    return { server, store, tell, name, change, run: server.exports.on(name) };
  }

  const news: [string, (name: string, record: OperationRecord) => News][] = [
    ['with the record', (name, record) => [name, record]],
    ['with the name only', (name) => [name]],
    ['of a possibly missed change', () => []],
  ];

  it.each(news)('is cancelled when it is notified %s (contract 10)', async (_, newsOf) => {
    const { server, tell, name, change, run } = await begin();
    await using _server = server;
    const { context } = await run;
    tell(...newsOf(name, await change({ cancelRequestTime: 5 })));
    await settled();
    expect(context.signal.reason).toMatchObject({ code: Code.CANCELLED });
    const ended = await server.inProcess.operations.getOperation({ name });
    expect(ended.result).toMatchObject({ $case: 'error', value: { code: Code.CANCELLED } });
  });

  it.each(news)('ends as superseded when it is notified %s', async (_, newsOf) => {
    const { server, tell, name, change, run } = await begin();
    await using _server = server;
    const { context } = await run;
    tell(...newsOf(name, await change({ attempt: 2 })));
    await settled();
    expect(context.signal.reason).toMatchObject({ code: Code.ABORTED });
  });

  it.each(news)(
    'ends as superseded when it is notified %s that the operation has ended',
    async (_, newsOf) => {
      const { server, tell, name, change, run } = await begin();
      await using _server = server;
      const { context } = await run;
      const value = { code: Code.DATA_LOSS, message: '', details: [] };
      const result: OperationRecord['result'] = { $case: 'error', value };
      tell(...newsOf(name, await change({ result, endTime: 5 })));
      await settled();
      expect(context.signal.reason).toMatchObject({ code: Code.ABORTED });
      const ended = await server.inProcess.operations.getOperation({ name });
      expect(ended.result).toEqual(result);
    },
  );

  it('ends as superseded when its record is gone', async () => {
    const { server, store, tell, name, run } = await begin();
    await using _server = server;
    const { context } = await run;
    await store.delete(name);
    tell(name);
    await settled();
    expect(context.signal.reason).toMatchObject({ code: Code.ABORTED });
  });

  it('continues when it is notified of unrelated changes', async () => {
    const { server, tell, name, change, run } = await begin();
    await using _server = server;
    const { context } = await run;
    for (const [, newsOf] of news) {
      tell(...newsOf(name, await change({})));
      await settled();
    }
    expect(context.signal.aborted).toBe(false);
  });

  it('reads the record again only once, however often it changes during a read', async () => {
    const reads: (() => void)[] = [];
    let isSlow = true;
    const { server, tell, name, change, run } = await begin({ onAbort: 'ignore' }, async (call, proceed) => {
      const result = await proceed();
      if (call.method === 'get' && isSlow) await new Promise<void>((resolve) => reads.push(resolve));
      return result;
    });
    await using _server = server;
    const { context, succeed } = await run;
    tell(name);
    await settled();
    await change({ cancelRequestTime: 5 });
    for (let times = 0; times < 3; times++) tell(name);
    await settled();
    expect(reads).toHaveLength(1);
    // The first read found the earlier state.
    reads[0]?.();
    await settled();
    expect(context.signal.aborted).toBe(false);
    expect(reads).toHaveLength(2);
    reads[1]?.();
    await settled();
    expect(context.signal.reason).toMatchObject({ code: Code.CANCELLED });
    expect(reads).toHaveLength(2);
    isSlow = false;
    succeed();
    await settled();
  });

  it.each(news)(
    'is cancelled when it was notified %s before its start was acknowledged',
    async (_, newsOf) => {
      const started = Promise.withResolvers<void>();
      const answered = Promise.withResolvers<void>();
      const { server, tell, name, change, run } = await begin({}, async (call, proceed) => {
        const result = await proceed();
        if (call.method === 'compareAndSet') {
          started.resolve();
          await answered.promise;
        }
        return result;
      });
      await using _server = server;
      await started.promise;
      tell(...newsOf(name, await change({ cancelRequestTime: 5 })));
      await settled();
      answered.resolve();
      const { context } = await run;
      await settled();
      expect(context.signal.reason).toMatchObject({ code: Code.CANCELLED });
    },
  );

  it('logs that it could not read the record, and reads it at the next change', async () => {
    const broken = new Error('disk is broken');
    let isBroken = true;
    const { server, tell, name, change, run } = await begin({}, async (call, proceed) => {
      if (call.method === 'get' && isBroken) throw broken;
      return await proceed();
    });
    await using _server = server;
    const { context } = await run;
    await change({ cancelRequestTime: 5 });
    tell(name);
    await settled();
    expect(server.logged).toMatchObject([{ facts: { err: broken }, message: 'operation could not be read' }]);
    isBroken = false;
    tell(name);
    await settled();
    expect(context.signal.aborted).toBe(true);
  });
});
