import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ConnectionTurns } from '../../../src/gateway/port/connection-turns.js';

describe('new connections', () => {
  it('are accepted at once if they are few', () => {
    const turns = new ConnectionTurns();
    const handed: number[] = [];
    for (let index = 0; index < 3; index++) turns.take(() => handed.push(index));
    expect(handed).toEqual([0, 1, 2]);
  });

  it('are accepted in order, a few per turn of the event loop, if they are slow', async () => {
    const turns = new ConnectionTurns();
    const handed: number[] = [];
    for (let index = 0; index < 8; index++) {
      turns.take(() => {
        busy(6);
        handed.push(index);
      });
    }
    expect(handed.length).toBeLessThanOrEqual(2);
    while (handed.length < 8) {
      const before = handed.length;
      await nextTurn();
      expect(handed.length - before).toBeLessThanOrEqual(2);
    }
    expect(handed).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

function busy(ms: number): void {
  const endAt = performance.now() + ms;
  while (performance.now() < endAt);
}
