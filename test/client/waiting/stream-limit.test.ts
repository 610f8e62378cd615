import { describe, expect, it } from '@jest/globals';
import { StreamLimit } from '../../../src/client/waiting/stream-limit.js';
import { WaitSlots } from '../../../src/client/waiting/wait-slots.js';
import { manualClock } from '../../../src/testing/manual-clock.js';

/** Connections to a server that takes `limit` streams on each, the question that is to find it out among them. */
function limited(limit: number) {
  const clock = manualClock();
  const closing = new AbortController();
  const slots = new WaitSlots({ maxConnections: 32, streamsPerConnection: 80 });
  const server = { limit, dead: new Set<number>() };
  const replaced: number[] = [];
  const answers = (index: number) => !server.dead.has(index) && slots.load(index) < server.limit;
  const streams = new StreamLimit({
    slots,
    clock,
    closed: closing.signal,
    connection: (index) => ({
      ready: async () => {},
      ask: (signal) => (answers(index) ? Promise.resolve() : aborted(signal)),
      askElsewhere: async () => {},
    }),
    replace: (index) => {
      replaced.push(index);
      server.dead.delete(index);
    },
    changed: () => {
      // What is too much for one connection goes to others.
      for (const index of slots.connections()) {
        while (slots.load(index) > slots.perConnection) {
          slots.release(index);
          slots.take();
        }
      }
    },
  });
  const waits = async (count: number) => {
    for (let n = 0; n < count; n++) slots.take();
    streams.check();
    await clock.advance(20_000);
  };
  const endAll = () => {
    for (const index of slots.connections()) while (slots.load(index) > 0) slots.release(index);
  };
  return { clock, slots, streams, server, replaced, waits, endAll, close: () => closing.abort() };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

describe('the limit of streams on a connection', () => {
  it('is found out where it is below what connections are given', async () => {
    const { slots, waits } = limited(8);
    await waits(60);
    expect(slots.perConnection).toBeLessThan(8);
    expect(slots.perConnection).toBeGreaterThanOrEqual(4);
  });

  it('a connection that has gone silent is replaced, and teaches nothing about the limit', async () => {
    const { slots, server, replaced, waits } = limited(100);
    server.dead.add(0);
    await waits(60);
    expect(replaced).toEqual([0]);
    expect(slots.perConnection).toBe(80);
  });

  it('grows again once the server allows more', async () => {
    const { clock, slots, server, waits, endAll } = limited(4);
    await waits(60);
    expect(slots.perConnection).toBeLessThan(4);
    server.limit = 100;
    endAll();
    for (let minute = 0; minute < 8; minute++) {
      await waits(80);
      endAll();
      await clock.advance(60_000);
    }
    expect(slots.perConnection).toBe(80);
  });

  it('is tried ever more seldom while it stays', async () => {
    const { clock, slots, replaced, waits, endAll } = limited(4);
    await waits(60);
    const trials: number[] = [];
    for (let minute = 0; minute < 180; minute++) {
      const before = replaced.length;
      endAll();
      await waits(60);
      await clock.advance(40_000);
      if (replaced.length > before) trials.push(minute);
    }
    expect(slots.perConnection).toBeLessThan(8);
    expect(trials.length).toBeLessThan(10);
  });

  it('is found out anew when long-polls got no answer, for the server may be another', async () => {
    const { slots, streams, server, waits, endAll } = limited(100);
    await waits(60);
    endAll();
    server.limit = 8;
    streams.doubt();
    await waits(60);
    expect(slots.perConnection).toBeLessThan(8);
  });

  it('leaves no timer that keeps a process from ending, and ends with the client', async () => {
    const { clock, waits, close } = limited(4);
    await waits(60);
    expect(clock.armed).toBe(0);
    close();
    await waits(60);
  });
});
