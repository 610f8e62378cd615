import { describe, expect, it } from '@jest/globals';
import { Line } from '../../../src/client/waiting/line.js';
import { rejection } from '../../../src/testing/conformance/kit-error.js';

const { signal } = new AbortController();

/** Calls everybody; tells in which order. */
async function order(line: Line<number>, who: readonly Promise<number>[]): Promise<number[]> {
  for (let turn = 0; line.length > 0; turn++) line.next(turn);
  const turns = await Promise.all(who);
  return turns.map((_, turn) => turns.indexOf(turn));
}

describe('line', () => {
  it('calls those of one standing in the order in which they came', async () => {
    const line = new Line<number>();
    const turns = [0, 1, 2].map(() => line.join('regular', signal));
    expect(await order(line, turns)).toEqual([0, 1, 2]);
    line.next(3);
    expect(line.length).toBe(0);
  });

  it('calls newcomers first, and one regular for three of them', async () => {
    const line = new Line<number>();
    const regulars = [0, 1].map(() => line.join('regular', signal));
    const newcomers = [2, 3, 4, 5].map(() => line.join('newcomer', signal));
    expect(line.newcomers).toBe(4);
    expect(await order(line, [...regulars, ...newcomers])).toEqual([2, 3, 4, 0, 5, 1]);
  });

  it('an abort leaves the line; the next is called instead', async () => {
    const line = new Line<string>();
    const controller = new AbortController();
    const leaving = rejection(line.join('newcomer', controller.signal));
    const staying = line.join('regular', signal);
    controller.abort('gone');
    line.next('turn');
    expect(await leaving).toBe('gone');
    expect(await staying).toBe('turn');
    expect(await rejection(line.join('newcomer', controller.signal))).toBe('gone');
    expect(line.length).toBe(0);
  });

  it('dismisses everybody with a reason', async () => {
    const line = new Line<void>();
    const waiting = (['newcomer', 'regular'] as const).map((standing) =>
      rejection(line.join(standing, signal)),
    );
    line.dismiss('closed');
    expect(await Promise.all(waiting)).toEqual(['closed', 'closed']);
    expect(line.length).toBe(0);
  });
});
