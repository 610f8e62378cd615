import { describe, expect, it } from '@jest/globals';
import type { TurnPriority } from '../../../src/client/waiting/turn-queue.js';
import { DISPLACED, type Turn, Turns } from '../../../src/client/waiting/turns.js';
import { WaitSlots } from '../../../src/client/waiting/wait-slots.js';
import { manualClock, settled } from '../../../src/testing/manual-clock.js';

/** One connection with two places, and those who take turns on it, in which order. */
function twoPlaces() {
  const clock = manualClock();
  const slots = new WaitSlots({ maxConnections: 1, streamsPerConnection: 2 });
  const turns = new Turns(slots, clock);
  const order: string[] = [];
  const displaced: string[] = [];
  /** Takes a turn, and keeps it until the server has answered or it has to be given up. */
  const comes = async (name: string, priority: TurnPriority, answersLateMs = 10): Promise<Turn> => {
    const deadline = Number.POSITIVE_INFINITY;
    const turn = await turns.take({ name, priority, deadline, signal: undefined });
    order.push(name);
    const answered = clock.setTimer(turn.release, turn.turnMs + answersLateMs, { background: true });
    turn.giveUp.signal.addEventListener('abort', () => {
      expect(turn.giveUp.signal.reason).toBe(DISPLACED);
      displaced.push(name);
      answered();
      turn.release();
    });
    return turn;
  };
  return { clock, turns, order, displaced, comes };
}

describe('turns of long-polls', () => {
  it('a newcomer gets the place of the oldest as soon as that has had a second', async () => {
    const { clock, order, comes } = twoPlaces();
    const [first, second] = [await comes('first', 'first'), await comes('second', 'first')];
    const third = comes('third', 'first');
    await clock.advance(999);
    expect(first.giveUp.signal.aborted).toBe(false);
    await clock.advance(1);
    await third;
    expect(first.giveUp.signal.aborted).toBe(true);
    expect(second.giveUp.signal.aborted).toBe(false);
    expect(order).toEqual(['first', 'second', 'third']);
  });

  it('those who had a turn get the place of one that began before the crowd, after its share of the time', async () => {
    const { clock, order, comes } = twoPlaces();
    await comes('first', 'first');
    await comes('second', 'first');
    await clock.advance(1000);
    const again = [comes('again', 'repeated'), comes('and again', 'repeated')];
    // Four share two places, so everybody has half of the round of 30 s; then three, so two thirds of it.
    await clock.advance(13_999);
    expect(order).toEqual(['first', 'second']);
    await clock.advance(1);
    expect(order).toEqual(['first', 'second', 'again']);
    await clock.advance(4999);
    expect(order).toEqual(['first', 'second', 'again']);
    await clock.advance(1);
    await Promise.all(again);
    expect(order).toEqual(['first', 'second', 'again', 'and again']);
  });

  it('nobody gives up a place while nobody stands in line', async () => {
    const { clock, comes } = twoPlaces();
    const taken = [await comes('first', 'first'), await comes('second', 'first')];
    await clock.advance(600_000);
    expect(taken.map(({ giveUp }) => giveUp.signal.aborted)).toEqual([false, false]);
  });

  it('a hundred newcomers all have had a turn after as many seconds as it takes to seat them', async () => {
    const { clock, order, comes } = twoPlaces();
    const crowd = Array.from({ length: 100 }, (_, n) => comes(String(n), 'first'));
    await settled();
    for (let round = 1; round < 50; round++) await clock.advance(1010);
    await Promise.all(crowd);
    expect(order).toEqual(Array.from({ length: 100 }, (_, n) => String(n)));
  });

  it('whoever will be over in time is not made to give up: a server takes many calls taken back for an attack', async () => {
    const { clock, order, displaced, comes } = twoPlaces();
    const crowd = Array.from({ length: 10 }, (_, n) => comes(String(n), 'first'));
    await settled();
    for (let round = 1; round < 5; round++) await clock.advance(1010);
    await Promise.all(crowd);
    expect(order).toHaveLength(10);
    expect(displaced).toEqual([]);
  });

  it('but for one that the server holds a second longer than it was asked to', async () => {
    const { clock, displaced, comes } = twoPlaces();
    const crowd = Array.from({ length: 4 }, (_, n) => comes(String(n), 'first', 60_000));
    await settled();
    await clock.advance(1999);
    expect(displaced).toEqual([]);
    await clock.advance(1);
    await Promise.all(crowd);
    expect(displaced).toEqual(['0', '1']);
  });

  it('places are given up a few at a time, and 25 a second of each connection', async () => {
    const clock = manualClock();
    const turns = new Turns(new WaitSlots({ maxConnections: 1, streamsPerConnection: 80 }), clock);
    const request = { name: 'any', priority: 'first', deadline: Number.POSITIVE_INFINITY } as const;
    const comes = () => turns.take({ ...request, signal: undefined });
    const seated = await Promise.all(Array.from({ length: 80 }, comes));
    let displaced = 0;
    for (const { giveUp, release } of seated) {
      giveUp.signal.addEventListener('abort', () => {
        displaced++;
        release();
      });
    }
    const crowd = Array.from({ length: 64 }, comes);
    await clock.advance(1000);
    expect(displaced).toBe(16);
    await clock.advance(639);
    expect(displaced).toBe(16);
    await clock.advance(1);
    expect(displaced).toBe(32);
    await clock.advance(2 * 640);
    await Promise.all(crowd);
    expect(displaced).toBe(64);
  });

  it('the signal of a caller ends its turn with its own reason', async () => {
    const { turns } = twoPlaces();
    const { signal } = new AbortController();
    const controller = new AbortController();
    const request = { name: 'first', priority: 'first', deadline: Number.POSITIVE_INFINITY } as const;
    const turn = await turns.take({ ...request, signal: controller.signal });
    const other = await turns.take({ ...request, signal });
    controller.abort('left');
    expect(turn.giveUp.signal.reason).toBe('left');
    expect(other.giveUp.signal.aborted).toBe(false);
  });
});
