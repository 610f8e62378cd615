import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Code } from '../../src/status.js';
import type { OperationRecord, OperationStore } from '../../src/stores/operation-store.js';
import { expectKitError } from '../../src/testing/conformance/kit-error.js';
import { ended, recordOf, STORES } from './stores.js';

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0'));
const bytes = fc.uint8Array({ maxLength: 40 }).map((value) => Buffer.from(value));
const time = fc.integer({ min: 0, max: 8.64e15 });
const maybe = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: undefined });
const any = fc.record({ typeUrl: text, value: bytes });
const status = fc.record({
  code: fc.integer({ min: 1, max: 16 }),
  message: text,
  details: fc.array(any, { maxLength: 2 }),
});

/** Records with whatever may be in them, ended and not. */
const facts: fc.Arbitrary<Partial<OperationRecord>> = fc
  .record({
    method: text,
    request: bytes,
    requestId: maybe(text),
    cancellable: fc.boolean(),
    version: fc.integer({ min: 1 }),
    attempt: fc.nat(),
    createTime: time,
    cancelRequestTime: maybe(time),
    deleteTime: maybe(time),
    metadata: maybe(any),
    end: maybe(
      fc.record({
        endTime: time,
        expireTime: time,
        result: fc.oneof(
          any.map((value) => ({ $case: 'response' as const, value })),
          status.map((value) => ({ $case: 'error' as const, value })),
        ),
      }),
    ),
  })
  .map(({ end, ...rest }) => ({ ...rest, ...end }));

describe.each(STORES)('$name store', ({ open, numRuns }) => {
  let store: OperationStore;
  beforeEach(() => {
    store = open();
  });
  afterEach(() => store.close());

  it('gives back what it was given, and what that was replaced by', async () => {
    let id = 0;
    await fc.assert(
      fc.asyncProperty(facts, facts, async (created, changes) => {
        const { method, request, cancellable, createTime } = created;
        const record = recordOf(id++, { ...created, requestId: undefined });
        expect(await store.create(record)).toEqual(record);
        expect(await store.get(record.name)).toEqual(record);
        // What an operation is created with stays.
        const fixed = { method, request, cancellable, createTime, requestId: undefined };
        const changed = { ...recordOf(id - 1, changes), ...fixed };
        expect(await store.compareAndSet(changed as OperationRecord, record.version)).toBe(true);
        expect(await store.get(record.name)).toEqual(changed);
      }),
      { numRuns },
    );
  });

  it('a request id that was used: gives the record that it stands for, also of two at once (contract 8)', async () => {
    const [first, second, third] = [1, 2, 3].map((id) => recordOf(id, { requestId: 'r' }));
    const both = await Promise.all([first, second].map((record) => store.create(record as OperationRecord)));
    expect(both.map(({ name }) => name)).toEqual([first?.name, first?.name]);
    expect(await store.get(second?.name ?? '')).toBeUndefined();
    expect(await store.create(third as OperationRecord)).toEqual(first);
    const key = { method: '/s/m', parent: 'a', requestId: 'r' };
    expect(await store.find(key)).toEqual(first);
    expect(await store.find({ ...key, parent: 'b' })).toBeUndefined();
    expect(await store.find({ ...key, method: '/s/other' })).toBeUndefined();
    const elsewhere = recordOf(4, { requestId: 'r', parent: 'b' });
    expect(await store.create(elsewhere)).toEqual(elsewhere);
  });

  it('a request id stands for nothing once its operation was deleted, or has none any more (contract 20)', async () => {
    const key = { method: '/s/m', parent: 'a', requestId: 'r' };
    await store.create(recordOf(1, { requestId: 'r' }));
    await store.delete(recordOf(1).name);
    expect(await store.find(key)).toBeUndefined();
    await store.create(recordOf(2, { requestId: 'r' }));
    await store.compareAndSet(recordOf(2, { version: 2 }), 1);
    expect(await store.find(key)).toBeUndefined();
    expect(await store.create(recordOf(3, { requestId: 'r' }))).toMatchObject({ name: recordOf(3).name });
  });

  it('tells which methods have work that has not ended', async () => {
    await store.create(recordOf(1, { method: '/s/a' }));
    await store.create(recordOf(2, { method: '/s/a' }));
    await store.create(recordOf(3, { method: '/s/b', ...ended(10) }));
    await store.create(recordOf(4, { method: '/s/c', attempt: 3 }));
    expect((await store.unfinishedMethods()).toSorted()).toEqual(['/s/a', '/s/c']);
  });

  it('a name that is taken: ALREADY_EXISTS, and those asked for at the same time are kept', async () => {
    await store.create(recordOf(1));
    const [taken, free] = [store.create(recordOf(1)), store.create(recordOf(2))];
    await expectKitError(taken, Code.ALREADY_EXISTS, { reason: 'NAME_TAKEN' });
    expect(await free).toMatchObject({ name: recordOf(2).name });
  });
});
