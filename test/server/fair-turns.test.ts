import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { FairTurns } from '../../src/server/grpc/fair-turns.js';

describe('expensive concurrent responses', () => {
  it('are produced in order, a few per turn of the event loop', async () => {
    const turns = new FairTurns();
    const made: number[] = [];
    const answers = Array.from({ length: 6 }, (_, index) =>
      turns.run(async () => {
        busy(6);
        made.push(index);
        return index;
      }),
    );
    let turnsTaken = 0;
    for (; made.length < 6; turnsTaken++) {
      const before = made.length;
      await nextTurn();
      expect(made.length - before).toBeLessThanOrEqual(3);
    }
    expect(turnsTaken).toBeGreaterThanOrEqual(2);
    expect(await Promise.all(answers)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(made).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('do not wait for a slow store, nor for a failed response', async () => {
    const turns = new FairTurns();
    const slow = Promise.withResolvers<string>();
    const first = turns.run(() => slow.promise);
    const failing = turns.run(() => Promise.reject(new Error('no')));
    const third = turns.run(async () => 'third');
    await expect(failing).rejects.toThrow('no');
    expect(await third).toBe('third');
    slow.resolve('first');
    expect(await first).toBe('first');
  });
});

function busy(ms: number): void {
  const endAt = performance.now() + ms;
  while (performance.now() < endAt);
}
