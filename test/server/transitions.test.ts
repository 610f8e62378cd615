import { runInNewContext } from 'node:vm';
import { expect, it } from '@jest/globals';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { createOperations, implement, memoryStore, type OperationStore } from '../../src/server/index.js';
import { Transitions } from '../../src/server/work/transitions.js';
import type { OperationRecord } from '../../src/stores/contract/operation-store.js';

const running: OperationRecord = {
  name: 'shelves/1/operations/a',
  parent: 'shelves/1',
  method: '/acme.v1.Books/Print',
  request: Buffer.from('request'),
  cancellable: true,
  version: 1,
  attempt: 1,
  createTime: 1000,
  metadata: undefined,
};

it('a record that changes while the next one is computed is read again: no change is lost', async () => {
  const store = memoryStore();
  await store.create(running);
  let asked = 0;
  const committed = await new Transitions(store, new Map(), 1000).commit(running.name, (record) => {
    if (asked++ === 0) void store.compareAndSet({ ...record, version: 2, cancelRequestTime: 1500 }, 1);
    return {
      type: 'updated',
      attempt: 1,
      metadata: { typeUrl: 'acme.v1.Progress', value: Buffer.from('half') },
    };
  });
  const expected = { version: 3, cancelRequestTime: 1500, metadata: { typeUrl: 'acme.v1.Progress' } };
  expect(committed).toMatchObject({ changed: true, record: expected });
  expect(await store.get(running.name)).toMatchObject(expected);
});

it('a store may return promises of another realm', async () => {
  const memory = memoryStore();
  const store: OperationStore = Object.assign(memoryStore(), {
    getNow: undefined,
    get: (name: string) => foreign(memory.get(name)),
  });
  await memory.create(running);
  const exportReport = implement(ReportsOperations.exportReport, { run: () => ({}) });
  await using operations = createOperations({ store, methods: [exportReport] });
  expect(await operations.api.getOperation({ name: running.name })).toMatchObject({ name: running.name });
});

/** A promise as it comes of another realm: no instance of the Promise of this one. */
function foreign<Value>(promise: Promise<Value>): Promise<Value> {
  return Object.setPrototypeOf(promise, runInNewContext('Promise.prototype'));
}
