import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Code, StatusError } from '../../src/core/status.js';
import { apply, isGone, type LifecycleEvent, queued, toOperation } from '../../src/server/work/lifecycle.js';
import type { OperationRecord } from '../../src/stores/contract/operation-store.js';

const RETENTION_MS = 1000;

const start: OperationRecord = queued({
  id: 'a1',
  parent: 'projects/p',
  method: '/example.reports.v1.Reports/ExportReport',
  request: new Uint8Array(),
  cancellable: true,
  createTime: 1,
  metadata: undefined,
});

const any = fc.record({ typeUrl: fc.string(), value: fc.constant(Buffer.alloc(0)) });
const at = fc.nat({ max: 1_000_000 });
/** Distance from the latest attempt: mostly none, or else too early or too late. */
const attempt = fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.constantFrom(-1, 1, 2));
const code = fc.constantFrom(Code.INTERNAL, Code.ABORTED, Code.CANCELLED, Code.DATA_LOSS);

/** Events whose attempts are relative to that of the record they happen to. Endings are rare, so that much happens before one. */
const event: fc.Arbitrary<LifecycleEvent> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('started' as const), attempt }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('updated' as const), attempt, metadata: any }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('cancelRequested' as const), at }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('deleted' as const), at }) },
  fc.record({ type: fc.constant('succeeded' as const), attempt, at, response: any }),
  fc.record({
    type: fc.constant('failed' as const),
    attempt,
    at,
    error: code.map((value) => new StatusError(value, 'failed: try again')),
  }),
  fc.record({ type: fc.constant('cancelled' as const), attempt, at }),
  fc.record({ type: fc.constant('interrupted' as const), attempt, at }),
);

/** Every record that the events make of a new one, each beside the event and the record before it. */
function history(events: readonly LifecycleEvent[]) {
  let before = start;
  return events.map((relative) => {
    const happened =
      'attempt' in relative ? { ...relative, attempt: before.attempt + relative.attempt } : relative;
    const step = { before, happened, after: apply(before, happened, RETENTION_MS) };
    before = step.after;
    return step;
  });
}

function forAllHistories(check: (steps: ReturnType<typeof history>) => void): void {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 16 }), (events) => check(history(events))),
    { numRuns: 1000 },
  );
}

/** The record after these events. */
const recordAfter = (...events: readonly LifecycleEvent[]): OperationRecord =>
  events.reduce((record, each) => apply(record, each, RETENTION_MS), start);

const STARTED: LifecycleEvent = { type: 'started', attempt: 0 };
const RESPONSE = { typeUrl: 'type.googleapis.com/google.protobuf.Empty', value: Buffer.alloc(0) };
const cancelAt = (time: number): LifecycleEvent => ({ type: 'cancelRequested', at: time });
const succeededAt = (time: number, of = 1): LifecycleEvent => ({
  type: 'succeeded',
  attempt: of,
  at: time,
  response: RESPONSE,
});

describe('lifecycle', () => {
  it('a terminal record never changes: the same object is returned (contract 4)', () => {
    forAllHistories((steps) => {
      for (const { before, after } of steps) if (before.result) expect(after).toBe(before);
    });
  });

  it('the version counts every change and nothing else', () => {
    forAllHistories((steps) => {
      for (const { before, after } of steps) {
        expect(after.version).toBe(before.version + (after === before ? 0 : 1));
      }
    });
  });

  it('done, a result, an end time and an expiry are set together (contract 2, 34)', () => {
    forAllHistories((steps) => {
      for (const { after } of steps) {
        expect(toOperation(after).done).toBe(after.result !== undefined);
        expect(after.endTime === undefined).toBe(after.result === undefined);
        const keptMs = after.deleteTime === undefined ? RETENTION_MS : 0;
        expect(after.expireTime).toBe(after.endTime === undefined ? undefined : after.endTime + keptMs);
      }
    });
  });

  it('the first cancel request keeps its time (contract 13)', () => {
    forAllHistories((steps) => {
      for (const { before, after } of steps) {
        if (before.cancelRequestTime === undefined) continue;
        expect(after.cancelRequestTime).toBe(before.cancelRequestTime);
      }
    });
  });

  it('queued work that is cancelled is done immediately and never starts (contract 17)', () => {
    forAllHistories((steps) => {
      for (const { before, happened, after } of steps) {
        if (happened.type !== 'cancelRequested' || before.attempt > 0 || before.result) continue;
        expect(after.result).toMatchObject({ $case: 'error', value: { code: Code.CANCELLED } });
        expect(apply(after, { type: 'started', attempt: 0 }, RETENTION_MS)).toBe(after);
      }
    });
  });

  it('only the latest attempt can change the record', () => {
    forAllHistories((steps) => {
      for (const { before, happened, after } of steps) {
        if ('attempt' in happened && happened.attempt !== before.attempt) expect(after).toBe(before);
      }
    });
  });

  it('interrupted: ABORTED, or CANCELLED if cancellation was requested (contract 14)', () => {
    forAllHistories((steps) => {
      for (const { before, happened, after } of steps) {
        if (happened.type !== 'interrupted' || before.result || happened.attempt !== before.attempt) continue;
        const expected = before.cancelRequestTime === undefined ? Code.ABORTED : Code.CANCELLED;
        expect(after.result).toMatchObject({ $case: 'error', value: { code: expected } });
      }
    });
  });

  it('the generated histories cover the cases that the properties are about', () => {
    const counts = { ended: 0, cancelledTwice: 0, stale: 0, secondAttempt: 0, deletedAtWork: 0 };
    forAllHistories((steps) => {
      const last = steps.at(-1)?.after;
      if (last?.result) counts.ended++;
      if (
        steps.some(
          ({ before, happened }) =>
            happened.type === 'cancelRequested' && before.cancelRequestTime !== undefined && !before.result,
        )
      )
        counts.cancelledTwice++;
      if (
        steps.some(
          ({ before, happened }) =>
            'attempt' in happened && happened.attempt !== before.attempt && !before.result,
        )
      )
        counts.stale++;
      if ((last?.attempt ?? 0) > 1) counts.secondAttempt++;
      if (last?.deleteTime !== undefined && last.attempt > 0) counts.deletedAtWork++;
    });
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(50);
  });
});

describe('lifecycle, by example', () => {
  it('a second completion changes nothing (contract 4)', () => {
    const done = recordAfter(STARTED, succeededAt(5));
    const failed = {
      type: 'failed',
      attempt: 1,
      at: 6,
      error: new StatusError(Code.INTERNAL, 'late'),
    } as const;
    for (const late of [succeededAt(6), failed, cancelAt(7), { type: 'deleted', at: 8 } as const, STARTED]) {
      expect(apply(done, late, RETENTION_MS)).toBe(done);
    }
    expect(done).toMatchObject({ endTime: 5, result: { $case: 'response', value: RESPONSE } });
  });

  it('work whose cancellation was requested may still succeed (contract 12)', () => {
    const done = recordAfter(STARTED, cancelAt(3), succeededAt(5));
    expect(done).toMatchObject({ cancelRequestTime: 3, result: { $case: 'response' } });
  });

  it('a second cancel request keeps the time of the first (contract 13)', () => {
    const once = recordAfter(STARTED, cancelAt(3));
    expect(once.cancelRequestTime).toBe(3);
    expect(apply(once, cancelAt(4), RETENTION_MS)).toBe(once);
    expect(apply(once, cancelAt(2), RETENTION_MS)).toBe(once);
  });

  it('a cancel request is preserved by an update and a further attempt (contract 14, 19)', () => {
    const again = recordAfter(
      STARTED,
      cancelAt(3),
      { type: 'updated', attempt: 1, metadata: RESPONSE },
      { type: 'started', attempt: 1 },
    );
    expect(again).toMatchObject({ attempt: 2, cancelRequestTime: 3, version: 5 });
  });

  it('queued work that is cancelled ends immediately, at that time (contract 11, 17)', () => {
    const cancelled = recordAfter(cancelAt(3));
    expect(cancelled).toMatchObject({
      attempt: 0,
      cancelRequestTime: 3,
      endTime: 3,
      expireTime: 3 + RETENTION_MS,
      result: { $case: 'error', value: { code: Code.CANCELLED } },
    });
    expect(apply(cancelled, STARTED, RETENTION_MS)).toBe(cancelled);
  });

  it('running work that is cancelled continues until it ends (contract 10)', () => {
    expect(recordAfter(STARTED, cancelAt(3)).result).toBeUndefined();
    expect(recordAfter(STARTED, cancelAt(3), { type: 'cancelled', attempt: 1, at: 9 })).toMatchObject({
      endTime: 9,
      result: { $case: 'error', value: { code: Code.CANCELLED } },
    });
  });

  it('an earlier attempt no longer counts once a later one has begun', () => {
    const second = recordAfter(STARTED, { type: 'started', attempt: 1 });
    expect(apply(second, succeededAt(5, 1), RETENTION_MS)).toBe(second);
    expect(apply(second, succeededAt(5, 2), RETENTION_MS).result).toBeDefined();
  });

  it('interrupted work ends with ABORTED, or with CANCELLED if that was requested (contract 14)', () => {
    const interrupted = { type: 'interrupted', attempt: 1, at: 9 } as const;
    expect(recordAfter(STARTED, interrupted).result).toMatchObject({ value: { code: Code.ABORTED } });
    expect(recordAfter(STARTED, cancelAt(3), interrupted).result).toMatchObject({
      value: { code: Code.CANCELLED },
    });
  });

  it('a deleted operation keeps its work, loses its request id, and expires with its end (contract 20)', () => {
    const deleted = apply({ ...start, requestId: 'r', attempt: 1 }, { type: 'deleted', at: 4 }, RETENTION_MS);
    expect(deleted).toMatchObject({ deleteTime: 4, version: 2 });
    expect(deleted.result).toBeUndefined();
    expect(deleted).not.toHaveProperty('requestId');
    expect(isGone(deleted, 0)).toBe(true);
    expect(apply(deleted, succeededAt(9), RETENTION_MS)).toMatchObject({ endTime: 9, expireTime: 9 });
  });

  it('an operation is gone from the moment it expires (contract 34)', () => {
    const done = recordAfter(STARTED, succeededAt(5));
    expect(isGone(done, 5 + RETENTION_MS - 1)).toBe(false);
    expect(isGone(done, 5 + RETENTION_MS)).toBe(true);
    expect(isGone(start, Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it('metadata may change before the end and is kept after it (contract 6)', () => {
    const updated = recordAfter(STARTED, { type: 'updated', attempt: 1, metadata: RESPONSE }, succeededAt(5));
    expect(updated.metadata).toBe(RESPONSE);
    expect(toOperation(updated)).toEqual({
      name: start.name,
      metadata: RESPONSE,
      done: true,
      result: updated.result,
    });
  });
});
