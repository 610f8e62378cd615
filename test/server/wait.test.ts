import { describe, expect, it } from '@jest/globals';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import { end, next, queuedRecord } from '../../src/conformance/records.js';
import { OpenWaits, Wait } from '../../src/server/service/wait.js';
import { Waiters } from '../../src/server/service/waiters.js';
import type {
  ChangeListener,
  OperationRecord,
  OperationStore,
} from '../../src/stores/contract/operation-store.js';
import { memoryStore } from '../../src/stores/memory/memory-store.js';
import { MANUAL_CLOCK_START, manualClock, settled } from '../../src/testing/clock/manual-clock.js';

const fail = (error: unknown) => {
  throw error;
};

const RUNNING = queuedRecord('1');
const DONE = end(RUNNING, MANUAL_CLOCK_START);

/** Waits over records that the test changes, with or without a report. */
function waiting() {
  const clock = manualClock();
  let tell: ChangeListener = () => {};
  const store: OperationStore = Object.assign(memoryStore(), {
    watch(listener: ChangeListener) {
      tell = listener;
      return () => {};
    },
  });
  const waiters = new Waiters(store, fail);
  const openWaits = new OpenWaits(clock);
  const records = new Map([[RUNNING.name, RUNNING]]);
  const gone = new Error('nobody finds it');
  const found = (_: string, record: OperationRecord | undefined) => {
    if (!record || record.deleteTime !== undefined) throw gone;
    return record;
  };
  let reads = 0;
  const read = async (name: string) => {
    reads++;
    const record = records.get(name);
    await settled();
    return found(name, record);
  };
  const parts = { waiters, openWaits, telemetry: undefined, read, found };
  return {
    clock,
    openWaits,
    gone,
    reads: () => reads,
    /** Changes a record and reports it: with the record, by name, or not at all. */
    put(record: OperationRecord, told: 'record' | 'name' | 'nothing') {
      records.set(record.name, record);
      if (told !== 'nothing') tell(record.name, told === 'record' ? record : undefined);
    },
    tell: (name?: string, record?: OperationRecord) => tell(name, record),
    /** Remaining timers, and operations with waiters. */
    left: () => ({ timers: clock.armed, waitedFor: waiters.size }),
    begin(limitMs: number, { name = RUNNING.name, signal }: { name?: string; signal?: AbortSignal } = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<Operation>();
      const whenGone = (leave: (reason: unknown) => void) => {
        if (signal?.aborted) leave(signal.reason);
        const listener = () => leave(signal?.reason);
        signal?.addEventListener('abort', listener);
        return () => signal?.removeEventListener('abort', listener);
      };
      new Wait(parts, { name, limitMs, whenGone, resolve, reject });
      promise.catch(() => {});
      return promise;
    },
  };
}

const NOTHING = { timers: 0, waitedFor: 0 };

describe('a wait', () => {
  it('is answered immediately when the operation has ended (contract 21)', async () => {
    const { begin, put, left } = waiting();
    put(DONE, 'nothing');
    expect((await begin(1000)).done).toBe(true);
    expect(left()).toEqual(NOTHING);
  });

  it('with a timeout of 0 is answered with the current state (contract 23)', async () => {
    const { begin, left } = waiting();
    expect((await begin(0)).done).toBe(false);
    expect(left()).toEqual(NOTHING);
  });

  it('is answered at its timeout with the latest state (contract 21)', async () => {
    const { begin, put, clock, left } = waiting();
    const answer = begin(1000);
    await settled();
    expect(left()).toEqual({ timers: 1, waitedFor: 1 });
    const metadata = { typeUrl: 'type.googleapis.com/T', value: Buffer.from([1]) };
    put(next(RUNNING, { metadata }), 'nothing');
    await clock.advance(1000);
    expect(await answer).toMatchObject({ done: false, metadata });
    expect(left()).toEqual(NOTHING);
  });

  it.each(['record', 'name'] as const)(
    'is answered when the end is reported by %s, and not by earlier changes (contract 24)',
    async (told) => {
      const { begin, put, left } = waiting();
      const answer = begin(1000);
      await settled();
      put(next(RUNNING, { attempt: 1 }), told);
      await settled();
      expect(left()).toEqual({ timers: 1, waitedFor: 1 });
      put({ ...DONE, version: 3 }, told);
      expect((await answer).done).toBe(true);
      expect(left()).toEqual(NOTHING);
    },
  );

  it.each(['record', 'name'] as const)(
    'does not miss an end that is reported by %s while an earlier state is being read (contract 24)',
    async (told) => {
      const { begin, put, left } = waiting();
      const answer = begin(1000);
      put(DONE, told);
      expect((await answer).done).toBe(true);
      expect(left()).toEqual(NOTHING);
    },
  );

  it('is answered with the end if an earlier state is reported after it', async () => {
    const { begin, tell } = waiting();
    const answer = begin(1000);
    tell(DONE.name, DONE);
    tell(RUNNING.name, RUNNING);
    expect((await answer).done).toBe(true);
  });

  it('is answered once if the end and the timeout coincide (contract 21)', async () => {
    const { begin, put, clock, left } = waiting();
    const answer = begin(1000);
    await settled();
    // Before any other timer of that moment, and while the state before is being read because time is up.
    clock.setTimer(() => setImmediate(() => put(DONE, 'record')), 1000);
    await clock.advance(1000);
    expect(await answer).toBeDefined();
    expect(left()).toEqual(NOTHING);
  });

  it('rejects with the reason and reads nothing if the caller has already cancelled (contract 24)', async () => {
    const { begin, reads, left } = waiting();
    const reason = new Error('gone');
    await expect(begin(1000, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(reads()).toBe(0);
    expect(left()).toEqual(NOTHING);
  });

  it.each(['while it reads', 'while it waits', 'as its time is up'])(
    'rejects with the reason and leaves nothing if the caller goes %s (contract 24)',
    async (when) => {
      const { begin, clock, left } = waiting();
      const caller = new AbortController();
      const reason = new Error('gone');
      // Set before that of the wait, so that it goes first.
      if (when === 'as its time is up') clock.setTimer(() => caller.abort(reason), 1000);
      const answer = begin(1000, { signal: caller.signal });
      if (when !== 'while it reads') await settled();
      if (when === 'as its time is up') await clock.advance(1000);
      else caller.abort(reason);
      await expect(answer).rejects.toBe(reason);
      await settled();
      expect(left()).toEqual(NOTHING);
    },
  );

  it('ignores its caller and the operation once it is answered', async () => {
    const { begin, put, tell, reads, left } = waiting();
    put(DONE, 'nothing');
    const caller = new AbortController();
    const answer = begin(1000, { signal: caller.signal });
    expect((await answer).done).toBe(true);
    const before = reads();
    caller.abort(new Error('gone'));
    tell(DONE.name);
    tell();
    expect((await answer).done).toBe(true);
    expect(reads()).toBe(before);
    expect(left()).toEqual(NOTHING);
  });

  it('rejects if the operation does not exist, initially or later (contract 20)', async () => {
    const { begin, put, gone, left } = waiting();
    await expect(begin(1000, { name: 'operations/none' })).rejects.toBe(gone);
    const answer = begin(1000);
    await settled();
    put(next(RUNNING, { deleteTime: MANUAL_CLOCK_START }), 'record');
    await expect(answer).rejects.toBe(gone);
    expect(left()).toEqual(NOTHING);
  });

  it('is answered with the latest state when the server closes, and so is a later wait', async () => {
    const { begin, openWaits, left } = waiting();
    const answer = begin(60_000);
    await settled();
    openWaits.close();
    expect((await answer).done).toBe(false);
    expect((await begin(60_000)).done).toBe(false);
    expect(left()).toEqual(NOTHING);
  });

  it('shares its timer with thousands of the same deadline, each answered or cancelled independently', async () => {
    const { begin, put, clock, left } = waiting();
    const caller = new AbortController();
    const names = Array.from({ length: 3000 }, (_, id) => `operations/${id}`);
    for (const [id, name] of names.entries())
      put({ ...RUNNING, name, parent: '', version: id + 1 }, 'nothing');
    const answers = names.map((name, id) =>
      begin(1000, { name, ...(id % 3 === 0 && { signal: caller.signal }) }),
    );
    await settled();
    expect(left()).toEqual({ timers: 1, waitedFor: 3000 });
    caller.abort(new Error('gone'));
    for (const [id, name] of names.entries())
      if (id % 3 === 1) put({ ...DONE, name, parent: '', version: id + 2 }, 'record');
    expect(left()).toEqual({ timers: 1, waitedFor: 1000 });
    await clock.advance(1000);
    const outcomes = await Promise.allSettled(answers);
    const kinds = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.done : 'gone'));
    expect(kinds).toEqual(names.map((_, id) => ['gone', true, false][id % 3]));
    expect(left()).toEqual(NOTHING);
  });
});
