import { describe, expect, it } from '@jest/globals';
import { Code, StatusError } from '../../../src/core/status.js';
import { Batches, type RowWrite, type WriteResult } from '../../../src/stores/postgres/batches.js';
import { LOCKED } from '../../../src/stores/postgres/locked-rows.js';
import { rowOf } from '../../../src/stores/sql/operation-row.js';
import { manualClock } from '../../../src/testing/clock/manual-clock.js';
import { recordOf } from '../stores.js';

const KIB = 1024;

const writeOf = (id: number, bytes = 0): RowWrite => ({
  row: rowOf(recordOf(id, { request: Buffer.alloc(bytes) })),
});

/** Batches that the test writes one by one, in the order in which they were sent. */
function startBatches() {
  const clock = manualClock();
  const sent: { names: string[]; end: PromiseWithResolvers<readonly WriteResult[]> }[] = [];
  const closed = new AbortController();
  const batches = new Batches<RowWrite>({
    timeoutMs: 1000,
    clock,
    signal: closed.signal,
    writeAll(writes) {
      const end = Promise.withResolvers<readonly WriteResult[]>();
      sent.push({ names: writes.map(({ row }) => row.name), end });
      return end.promise;
    },
  });
  const settle = async () => {
    for (let turns = 0; turns < 5; turns++) await new Promise(setImmediate);
  };
  /** Writes the batch with that index. */
  const write = async (index: number, result: WriteResult | Error = true) => {
    const batch = sent[index];
    if (result instanceof Error) batch?.end.reject(result);
    else batch?.end.resolve(batch.names.map(() => result));
    await settle();
  };
  const sizes = () => sent.map(({ names }) => names.length);
  return { batches, clock, closed, sent, sizes, settle, write };
}

describe('batches of writes', () => {
  it('are at most two at once, of at most 100 rows', async () => {
    const { batches, sizes, write } = startBatches();
    const written = Array.from({ length: 250 }, (_, id) => batches.add(writeOf(id)));
    expect(sizes()).toEqual([1, 1]);
    await write(0);
    expect(sizes()).toEqual([1, 1, 100]);
    await write(1);
    expect(sizes()).toEqual([1, 1, 100, 100]);
    await write(3);
    expect(sizes()).toEqual([1, 1, 100, 100, 48]);
    await write(2);
    await write(4);
    expect(await Promise.all(written)).toEqual(Array(250).fill(true));
  });

  it.each([
    ['exactly 1 MiB', [512 * KIB, 512 * KIB, 1], [2, 1]],
    ['a byte more', [512 * KIB, 512 * KIB + 1, 1], [2, 1]],
    ['one larger row', [5000 * KIB, 1, 1], [1, 2]],
    ['a larger row behind a small one', [1, 5000 * KIB, 1], [2, 1]],
  ])('have at most 1 MiB, or one row: %s', async (_, bytes, expected) => {
    const { batches, sent, sizes, write } = startBatches();
    const written = [batches.add(writeOf(100)), batches.add(writeOf(101))];
    written.push(...bytes.map((each, id) => batches.add(writeOf(id, each))));
    await write(0);
    await write(2);
    expect(sizes().slice(2)).toEqual(expected);
    await write(1);
    await write(3);
    await Promise.all(written);
    expect(sent.flatMap(({ names }) => names)).toHaveLength(2 + bytes.length);
  });

  it('change a row once, in the order of the changes', async () => {
    const { batches, sent, write } = startBatches();
    const written = [1, 2, 3, 3, 3, 4].map((id) => batches.add(writeOf(id)));
    for (let index = 0; index < 5; index++) await write(index);
    const name = (id: number) => recordOf(id).name;
    expect(sent.map(({ names }) => names)).toEqual([
      [name(1)],
      [name(2)],
      [name(3), name(4)],
      [name(3)],
      [name(3)],
    ]);
    await Promise.all(written);
  });

  it('that are not available reject all their writes; others are written one by one', async () => {
    const { batches, sizes, write } = startBatches();
    const results = [1, 2, 3, 4, 5, 6].map((id) => batches.add(writeOf(id)).catch((error) => error));
    const away = new StatusError(Code.UNAVAILABLE, 'away');
    await write(0);
    await write(1);
    await write(2, away);
    expect(await Promise.all(results.slice(2))).toEqual([away, away, away, away]);
    const invalid = new Error('invalid');
    const [first, ...others] = [7, 8, 9, 10, 11].map((id) =>
      batches.add(writeOf(id)).catch((error) => error),
    );
    await write(3);
    await write(4);
    expect(sizes().slice(3)).toEqual([1, 1, 3]);
    await write(5, invalid);
    await write(6);
    await write(7, invalid);
    await write(8);
    expect(await Promise.all([first, ...others])).toEqual([true, true, true, invalid, true]);
    expect(sizes().slice(6)).toEqual([1, 1, 1]);
  });

  it('write a locked row later and alone, and are not delayed by it', async () => {
    const { batches, clock, sizes, write, settle } = startBatches();
    const locked = batches.add(writeOf(1));
    await write(0, LOCKED);
    const other = batches.add(writeOf(2));
    await write(1);
    expect(await other).toBe(true);
    for (const [index, pauseMs] of [10, 20, 40].entries()) {
      expect([clock.armed, clock.untilNextMs]).toEqual([1, pauseMs]);
      await clock.advance(pauseMs);
      await settle();
      expect(sizes()).toHaveLength(3 + index);
      await write(2 + index, index < 2 ? LOCKED : false);
    }
    expect(await locked).toBe(false);
  });

  it('that wait too long for a lock are written one by one, and the locked row later', async () => {
    const { batches, clock, sent, write, settle } = startBatches();
    const first = [1, 2].map((id) => batches.add(writeOf(id)));
    const together = [3, 4, 5].map((id) => batches.add(writeOf(id)));
    const names = (...some: number[]) => some.map((id) => recordOf(id).name);
    const lockTimeout = Object.assign(new Error('canceling statement due to lock timeout'), {
      code: '55P03',
    });
    await write(0);
    await write(2, lockTimeout);
    // All at once: none of them waits for the locked one.
    expect(sent.slice(3).map((batch) => batch.names)).toEqual([names(3), names(4), names(5)]);
    await write(3);
    await write(4, lockTimeout);
    await write(5, false);
    await write(1);
    expect(await Promise.all([...first, together[0], together[2]])).toEqual([true, true, true, false]);
    await clock.advance(10);
    await settle();
    await write(6, lockTimeout);
    await clock.advance(20);
    await settle();
    expect(sent.slice(6).map((batch) => batch.names)).toEqual([names(4), names(4)]);
    await write(7);
    expect(await together[1]).toBe(true);
  });

  it('give up a locked row in time, and when the store closes', async () => {
    const { batches, clock, closed, sent, write, settle } = startBatches();
    const locked = batches.add(writeOf(1)).catch((error: StatusError) => error.code);
    await write(0, LOCKED);
    while (clock.armed > 0) {
      await clock.advance(clock.untilNextMs ?? 0);
      await settle();
      await write(sent.length - 1, LOCKED);
    }
    expect(await locked).toBe(Code.UNAVAILABLE);
    const another = batches.add(writeOf(2)).catch((error) => error);
    await write(sent.length - 1, LOCKED);
    const reason = new Error('closed');
    closed.abort(reason);
    expect(await another).toBe(reason);
  });
});
