import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OperationRecord, OperationStore } from '../../src/stores/contract/operation-store.js';
import { anyString } from '../helpers/any-value.js';
import { recordOf, STORES } from './stores.js';

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0'));
/** Path of a gRPC method. */
const path = fc.stringMatching(/^\/[a-z][a-z0-9.]{0,20}\.[A-Z]{1,5}\/[A-Z][a-z]{1,10}$/);
const bytes = fc.uint8Array({ maxLength: 40 }).map((value) => Buffer.from(value));
const time = fc.integer({ min: 0, max: 8.64e15 });
const maybe = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: undefined });
const any = fc.record({ typeUrl: text, value: bytes });
/** Statuses are stored encoded, so they may contain any well-formed text. */
const anyText = anyString().map((value) => value.toWellFormed());
const status = fc.record({
  code: fc.integer({ min: 1, max: 16 }),
  message: anyText,
  details: fc.array(fc.record({ typeUrl: anyText, value: bytes }), { maxLength: 2 }),
});

/** Records with any contents, ended and not. */
const facts: fc.Arbitrary<Partial<OperationRecord>> = fc
  .record({
    method: path,
    request: bytes,
    requestId: maybe(text),
    cancellable: fc.boolean(),
    version: fc.integer({ min: 1 }),
    attempt: fc.nat(),
    createTime: time,
    trace: maybe(
      fc.oneof(fc.record({ traceparent: text }), fc.record({ traceparent: text, tracestate: text })),
    ),
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
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  it('returns records as they were created and replaced', async () => {
    let id = 0;
    await fc.assert(
      fc.asyncProperty(facts, facts, async (created, changes) => {
        const { method, request, cancellable, createTime, trace } = created;
        const record = recordOf(id++, { ...created, requestId: undefined });
        expect(await store.create(record)).toEqual(record);
        expect(await store.get(record.name)).toEqual(record);
        // Fields that never change after creation.
        const fixed = { method, request, cancellable, createTime, trace, requestId: undefined };
        const changed = { ...recordOf(id - 1, changes), ...fixed };
        expect(await store.compareAndSet(changed as OperationRecord, record.version)).toBe(true);
        expect(await store.get(record.name)).toEqual(changed);
      }),
      { numRuns },
    );
  });
});
