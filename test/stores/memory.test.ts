import { expect, test } from '@jest/globals';
import { memoryStore, type OperationRecord } from 'longrunning/server';

const any = (typeUrl: string, value: string) => ({ typeUrl, value: Buffer.from(value) });

const running: OperationRecord = {
  name: 'shelves/1/operations/a',
  parent: 'shelves/1',
  method: '/acme.v1.Books/Print',
  request: Buffer.from('request'),
  requestId: 'the first',
  cancellable: true,
  version: 1,
  attempt: 1,
  createTime: 1000,
  cancelRequestTime: 1500,
  metadata: any('type.googleapis.com/acme.v1.Progress', 'metadata'),
};
const ended: OperationRecord = {
  ...running,
  version: 2,
  endTime: 2000,
  expireTime: 3000,
  result: { $case: 'response', value: any('type.googleapis.com/acme.v1.Book', 'response') },
};

test('getNow returns the record that get resolves to', async () => {
  const store = memoryStore();
  await store.create(running);
  expect(store.getNow?.(running.name)).toEqual(running);
  expect(await store.compareAndSet(ended, 2)).toBe(false);
  expect(await store.get(running.name)).toEqual(running);
  expect(await store.compareAndSet(ended, 1)).toBe(true);
  expect(store.getNow?.(running.name)).toEqual(ended);
  expect(await store.get(running.name)).toEqual(ended);
  expect(await store.compareAndSet(ended, 1)).toBe(false);
  expect(store.getNow?.('operations/none')).toBeUndefined();
});

test.each([0, 10, 10_000])(
  'an operation that has ended comes back whole, with a response of %i bytes',
  async (bytes) => {
    const result = { $case: 'response', value: any('acme.v1.Book', 'x'.repeat(bytes)) } as const;
    const store = memoryStore();
    await store.create({ ...ended, result });
    expect(await store.get(ended.name)).toEqual({ ...ended, result });
  },
);

test('an operation that has ended and never expires keeps its request id', async () => {
  const { cancelRequestTime, expireTime, ...forever } = ended;
  const store = memoryStore();
  await store.create(forever);
  expect(await store.get(forever.name)).toEqual(forever);
  expect(await store.findByRequestId({ ...forever, requestId: 'the first' })).toEqual(forever);
});

test('the messages of an operation that has ended are copies', async () => {
  const request = Buffer.from('request');
  const store = memoryStore();
  await store.create({ ...ended, request });
  request.fill(0);
  expect((await store.get(ended.name))?.request).toEqual(Buffer.from('request'));
});

test('an operation that ended with an error, or has no metadata, comes back whole', async () => {
  const failed: OperationRecord = {
    ...ended,
    metadata: undefined,
    result: { $case: 'error', value: { code: 5, message: 'no such book', details: [] } },
  };
  const store = memoryStore();
  await store.create(failed);
  expect(await store.get(failed.name)).toEqual(failed);
});
