import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { turnMs, WaitSlots } from '../../../src/client/waiting/wait-slots.js';

type Step =
  | { readonly take: true }
  | { readonly release: number }
  | { readonly shrink: number }
  | { readonly grow: number };

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Step>({ take: true }) },
    { weight: 4, arbitrary: fc.record({ release: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ shrink: fc.integer({ min: 0, max: 12 }) }) },
    { weight: 1, arbitrary: fc.record({ grow: fc.integer({ min: 0, max: 24 }) }) },
  ),
  { maxLength: 200 },
);

const limits = fc.record({
  maxConnections: fc.integer({ min: 1, max: 6 }),
  streamsPerConnection: fc.integer({ min: 1, max: 10 }),
});

describe('places of long-polls', () => {
  it('no connection gets more than it can carry, none is left out while there is room, all are counted', () => {
    fc.assert(
      fc.property(limits, steps, (given, taken) => {
        const slots = new WaitSlots(given);
        const held: number[] = [];
        const load = (connection: number) => held.filter((other) => other === connection).length;
        for (const step of taken) {
          if ('take' in step) {
            const room = Array.from({ length: given.maxConnections }, (_, n) => load(n)).some(
              (count) => count < slots.perConnection,
            );
            const connection = slots.take();
            expect(connection !== undefined).toBe(room);
            if (connection === undefined) continue;
            held.push(connection);
            expect(connection).toBeLessThan(given.maxConnections);
            expect(load(connection)).toBeLessThanOrEqual(slots.perConnection);
          } else if ('release' in step) {
            const [connection] = held.splice(step.release % Math.max(1, held.length), 1);
            if (connection !== undefined) slots.release(connection);
          } else if ('shrink' in step) {
            const before = slots.perConnection;
            slots.shrink(step.shrink);
            expect(slots.perConnection).toBe(Math.max(1, Math.min(before, step.shrink)));
          } else {
            const before = slots.perConnection;
            slots.grow(step.grow);
            const most = given.streamsPerConnection;
            expect(slots.perConnection).toBe(Math.max(before, Math.min(most, step.grow)));
            expect(slots.shrunk).toBe(slots.perConnection < most);
          }
          expect(slots.connections().sort()).toEqual([...new Set(held)].sort());
          expect(slots.inUse).toBe(held.length);
          for (const connection of held) expect(slots.load(connection)).toBe(load(connection));
          expect(slots.capacity).toBe(given.maxConnections * slots.perConnection);
        }
      }),
    );
  });

  it('a new connection is taken only when those in use are full', () => {
    const slots = new WaitSlots({ maxConnections: 3, streamsPerConnection: 2 });
    expect([1, 2, 3, 4, 5, 6, 7].map(() => slots.take())).toEqual([0, 0, 1, 1, 2, 2, undefined]);
    slots.release(1);
    slots.release(2);
    slots.release(2);
    expect([slots.take(), slots.take()]).toEqual([1, 2]);
  });
});

describe('turns', () => {
  it('have no end while half the places are free, then get shorter, down to a second', () => {
    const turn = (inUse: number, queued: number) => turnMs({ inUse, queued, firstTurns: 0, capacity: 100 });
    expect([turn(1, 0), turn(50, 0)]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect([turn(51, 0), turn(100, 0), turn(100, 100), turn(100, 100_000)]).toEqual([
      30_000, 30_000, 15_000, 1000,
    ]);
  });

  it('are a second long while there are first turns for every place', () => {
    const turn = (firstTurns: number) => turnMs({ inUse: 100, queued: 100, firstTurns, capacity: 100 });
    expect([turn(99), turn(100)]).toEqual([15_000, 1000]);
  });

  it('never get longer as more come', () => {
    const counts = fc.nat(100_000);
    fc.assert(
      fc.property(counts, counts, fc.integer({ min: 1, max: 10_000 }), (queued, more, capacity) => {
        const load = { inUse: capacity, firstTurns: 0, capacity };
        const crowded = turnMs({ ...load, queued: queued + more });
        expect(crowded).toBeLessThanOrEqual(turnMs({ ...load, queued }));
        expect(crowded).toBeGreaterThanOrEqual(1000);
      }),
    );
  });
});
