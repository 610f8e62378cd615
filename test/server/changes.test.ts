import { describe, expect, it } from '@jest/globals';
import { startReportsServer } from '../../src/conformance/reports-server.js';
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

describe('a wait that receives changed records', () => {
  it.each<[string, (facts: { name: string; before: OperationRecord; after: OperationRecord }) => News[]]>([
    ['with its end', ({ name, after }) => [[name, after]]],
    [
      'late, after its end was told',
      ({ name, before, after }) => [
        [name, after],
        [name, before],
      ],
    ],
    ['after it was told that there is something to read', ({ name, before }) => [[name], [name, before]]],
    ['before it was told so', ({ name, before }) => [[name, before], [name]]],
    ['before it was told that anything may have changed', ({ name, before }) => [[name, before], []]],
  ])('%s: it ends (contract 24)', async (_, newsOf) => {
    const facts = await unheardEnd();
    await using _server = facts.server;
    for (const news of newsOf(facts)) facts.tell(...news);
    expect(await facts.waited).toMatchObject({ done: true });
  });

  it('that it is deleted: NOT_FOUND (contract 20)', async () => {
    const { server, tell, name, before, waited } = await unheardEnd();
    await using _server = server;
    tell(name, { ...before, deleteTime: before.createTime });
    await expect(waited).rejects.toMatchObject({ code: 5 });
  });
});
