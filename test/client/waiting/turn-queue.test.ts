import { describe, expect, it } from '@jest/globals';
import { TurnQueue } from '../../../src/client/waiting/turn-queue.js';
import { rejection } from '../../../src/testing/conformance/kit-error.js';

const { signal } = new AbortController();

/** Calls everybody; tells in which order. */
async function order(queue: TurnQueue<number>, who: readonly Promise<number>[]): Promise<number[]> {
  for (let turn = 0; queue.length > 0; turn++) queue.grant(turn);
  const turns = await Promise.all(who);
  return turns.map((_, turn) => turns.indexOf(turn));
}

describe('turn queue', () => {
  it('calls those of one priority in the order in which they came', async () => {
    const queue = new TurnQueue<number>();
    const turns = [0, 1, 2].map(() => queue.enqueue('repeated', signal));
    expect(await order(queue, turns)).toEqual([0, 1, 2]);
    queue.grant(3);
    expect(queue.length).toBe(0);
  });

  it('grants first turns first, and one repeated for three of them', async () => {
    const queue = new TurnQueue<number>();
    const repeated = [0, 1].map(() => queue.enqueue('repeated', signal));
    const first = [2, 3, 4, 5].map(() => queue.enqueue('first', signal));
    expect(queue.firstTurns).toBe(4);
    expect(await order(queue, [...repeated, ...first])).toEqual([2, 3, 4, 0, 5, 1]);
  });

  it('an abort leaves the queue; the next is called instead', async () => {
    const queue = new TurnQueue<string>();
    const controller = new AbortController();
    const leaving = rejection(queue.enqueue('first', controller.signal));
    const staying = queue.enqueue('repeated', signal);
    controller.abort('gone');
    queue.grant('turn');
    expect(await leaving).toBe('gone');
    expect(await staying).toBe('turn');
    expect(await rejection(queue.enqueue('first', controller.signal))).toBe('gone');
    expect(queue.length).toBe(0);
  });

  it('dismisses everybody with a reason', async () => {
    const queue = new TurnQueue<void>();
    const waiting = (['first', 'repeated'] as const).map((priority) =>
      rejection(queue.enqueue(priority, signal)),
    );
    queue.rejectAll('closed');
    expect(await Promise.all(waiting)).toEqual(['closed', 'closed']);
    expect(queue.length).toBe(0);
  });
});
