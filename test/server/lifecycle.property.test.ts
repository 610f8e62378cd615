import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { apply, type LifecycleEvent, queued, toOperation } from '../../src/server/lifecycle.js';
import { Code, StatusError } from '../../src/status.js';
import type { OperationRecord } from '../../src/stores/operation-store.js';

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
const attempt = fc.nat({ max: 3 });
const code = fc.constantFrom(Code.INTERNAL, Code.ABORTED, Code.CANCELLED, Code.DATA_LOSS);

const event: fc.Arbitrary<LifecycleEvent> = fc.oneof(
  fc.record({ type: fc.constant('started' as const), attempt }),
  fc.record({ type: fc.constant('updated' as const), attempt, metadata: any }),
  fc.record({ type: fc.constant('cancelRequested' as const), at }),
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

/** Every record that the events make of a new one, each beside the event and what it was before. */
function history(events: readonly LifecycleEvent[]) {
  let before = start;
  return events.map((happened) => {
    const step = { before, happened, after: apply(before, happened, RETENTION_MS) };
    before = step.after;
    return step;
  });
}

function forAllHistories(check: (steps: ReturnType<typeof history>) => void): void {
  fc.assert(fc.property(fc.array(event, { maxLength: 12 }), (events) => check(history(events))));
}

describe('lifecycle', () => {
  it('a terminal record never changes: the very same object comes back (contract 4)', () => {
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

  it('done, a result, an end time and an expiry come together (contract 2, 34)', () => {
    forAllHistories((steps) => {
      for (const { after } of steps) {
        expect(toOperation(after).done).toBe(after.result !== undefined);
        expect(after.endTime === undefined).toBe(after.result === undefined);
        expect(after.expireTime).toBe(after.endTime === undefined ? undefined : after.endTime + RETENTION_MS);
      }
    });
  });

  it('the first request to cancel keeps its time (contract 13)', () => {
    forAllHistories((steps) => {
      for (const { before, after } of steps) {
        if (before.cancelRequestTime === undefined) continue;
        expect(after.cancelRequestTime).toBe(before.cancelRequestTime);
      }
    });
  });

  it('queued work that is cancelled is done at once and never starts (contract 17)', () => {
    forAllHistories((steps) => {
      for (const { before, happened, after } of steps) {
        if (happened.type !== 'cancelRequested' || before.attempt > 0 || before.result) continue;
        expect(after.result).toMatchObject({ $case: 'error', value: { code: Code.CANCELLED } });
        expect(apply(after, { type: 'started', attempt: 0 }, RETENTION_MS)).toBe(after);
      }
    });
  });

  it('only the latest attempt may speak', () => {
    forAllHistories((steps) => {
      for (const { before, happened, after } of steps) {
        if ('attempt' in happened && happened.attempt !== before.attempt) expect(after).toBe(before);
      }
    });
  });

  it('interrupted: ABORTED, but CANCELLED where that was asked (contract 14)', () => {
    forAllHistories((steps) => {
      for (const { before, happened, after } of steps) {
        if (happened.type !== 'interrupted' || before.result || happened.attempt !== before.attempt) continue;
        const expected = before.cancelRequestTime === undefined ? Code.ABORTED : Code.CANCELLED;
        expect(after.result).toMatchObject({ $case: 'error', value: { code: expected } });
      }
    });
  });
});
