import { describe, expect, it } from '@jest/globals';
import { Line } from '../../../src/client/waiting/line.js';
import { rejection } from '../../helpers/rejection.js';

describe('line', () => {
  it('calls those who wait in the order in which they came', async () => {
    const line = new Line<number>();
    const { signal } = new AbortController();
    const turns = [line.join(signal), line.join(signal), line.join(signal)];
    for (const turn of [1, 2, 3, 4]) line.next(turn);
    expect(await Promise.all(turns)).toEqual([1, 2, 3]);
    expect(line.length).toBe(0);
  });

  it('an abort leaves the line; the next is called instead', async () => {
    const line = new Line<string>();
    const controller = new AbortController();
    const leaving = rejection(line.join(controller.signal));
    const staying = line.join(new AbortController().signal);
    controller.abort('gone');
    line.next('turn');
    expect(await leaving).toBe('gone');
    expect(await staying).toBe('turn');
    expect(await rejection(line.join(controller.signal))).toBe('gone');
    expect(line.length).toBe(0);
  });

  it('dismisses everybody with a reason', async () => {
    const line = new Line<void>();
    const waiting = [1, 2].map(() => rejection(line.join(new AbortController().signal)));
    line.dismiss('closed');
    expect(await Promise.all(waiting)).toEqual(['closed', 'closed']);
    expect(line.length).toBe(0);
  });
});
