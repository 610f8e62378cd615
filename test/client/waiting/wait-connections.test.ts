import { ChannelCredentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Connection } from '../../../src/client/calls/connection.js';
import { type LongPoll, WaitConnections } from '../../../src/client/waiting/wait-connections.js';
import { rejection } from '../../../src/conformance/kit-error.js';
import { abortable } from '../../../src/core/signals.js';
import { Code, StatusError } from '../../../src/core/status.js';
import { type ManualClock, manualClock, settled } from '../../../src/testing/clock/manual-clock.js';
import { never } from '../scripted-server.js';

const { signal } = new AbortController();
const opened: WaitConnections[] = [];

afterEach(() => {
  for (const connections of opened.splice(0)) connections.close(new StatusError(Code.UNAVAILABLE, 'closed'));
});

/** Fake connections whose answers the test decides. */
function connectionsTo(limits: { maxConnections: number; streamsPerConnection: number }) {
  const clock = manualClock();
  const open = new Set<Connection>();
  const connections = new WaitConnections({
    ...limits,
    connect: () => {
      const connection = new Connection({
        target: 'localhost:1',
        credentials: ChannelCredentials.createInsecure(),
        channelOptions: {},
        interceptors: [],
      });
      open.add(connection);
      return connection;
    },
    disconnect: (connection, reason) => {
      open.delete(connection);
      connection.close(reason);
    },
    clock,
  });
  opened.push(connections);
  const held = new Map<Connection, number>();
  /** Holds a long poll if the server allows another stream; otherwise delays it. */
  const holding =
    (streams: number) =>
    async ({ connection, maxMs, signal: polling }: LongPoll): Promise<string> => {
      const before = held.get(connection) ?? 0;
      if (before >= streams) return abortable(never(), polling);
      held.set(connection, before + 1);
      try {
        await new Promise<void>((resolve) => clock.setTimer(resolve, maxMs, { background: true }));
        return 'held';
      } finally {
        held.set(connection, (held.get(connection) ?? 0) - 1);
      }
    };
  return { clock, connections, open, held, holding };
}

/** Lets paced calls start. */
async function started(clock: ManualClock): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await settled();
  await clock.advance(0);
}

describe('wait connections', () => {
  it('long polls use slots; one more is not made', async () => {
    const { clock, connections, open, holding } = connectionsTo({
      maxConnections: 2,
      streamsPerConnection: 3,
    });
    const polls = Array.from({ length: 7 }, () => connections.tryLongPoll(signal, 10_000, holding(100)));
    expect(await polls[6]).toBeUndefined();
    await started(clock);
    expect(open.size).toBe(2);
    await clock.advance(10_000);
    expect(await Promise.all(polls.slice(0, 6))).toEqual(Array(6).fill('held'));
  });

  it('a server that allows fewer streams: each connection carries fewer, and all succeed', async () => {
    const { clock, connections, open, held, holding } = connectionsTo({
      maxConnections: 32,
      streamsPerConnection: 80,
    });
    const waits = Array.from({ length: 30 }, async () => {
      for (;;) {
        const answer = await connections.tryLongPoll(signal, 50_000, holding(4)).catch(() => undefined);
        if (answer) await new Promise<void>((resolve) => clock.setTimer(resolve, 1, { background: true }));
        if (connections === undefined) return;
        if (clock.now() - startedAt > 100_000) return;
      }
    });
    const startedAt = clock.now();
    await started(clock);
    expect(open.size).toBe(1);
    await clock.advance(15_000);
    await started(clock);
    await clock.advance(5000);
    await started(clock);
    expect([...held.values()].reduce((sum, count) => sum + count, 0)).toBe(30);
    expect(open.size).toBeGreaterThanOrEqual(8);
    await clock.advance(120_000);
    await Promise.all(waits);
  });

  it('a connection without answers is replaced, and the stream limit is unchanged', async () => {
    const { clock, connections, open, holding } = connectionsTo({
      maxConnections: 1,
      streamsPerConnection: 80,
    });
    const polls = Array.from({ length: 40 }, () =>
      rejection(connections.tryLongPoll(signal, 50_000, holding(0)) as Promise<unknown>),
    );
    await started(clock);
    const [dead] = open;
    await clock.advance(55_000);
    for (const error of await Promise.all(polls)) {
      expect(error).toMatchObject({ code: Code.UNAVAILABLE, message: expect.stringMatching(/no answer/) });
    }
    expect(open).not.toContain(dead);
    const again = Array.from({ length: 80 }, () => connections.tryLongPoll(signal, 1000, holding(80)));
    await started(clock);
    await clock.advance(1000);
    expect(await Promise.all(again)).toEqual(Array(80).fill('held'));
    expect(open.size).toBe(1);
  });

  it('polls need no slot, and at most 64 run at once', async () => {
    const { clock, connections } = connectionsTo({ maxConnections: 1, streamsPerConnection: 1 });
    void connections.tryLongPoll(signal, 1000, () => never());
    const polls: PromiseWithResolvers<string>[] = [];
    const answers = Array.from({ length: 100 }, () =>
      connections.poll(signal, () => {
        const poll = Promise.withResolvers<string>();
        polls.push(poll);
        return poll.promise;
      }),
    );
    await started(clock);
    expect(polls).toHaveLength(64);
    while (polls.length < 100) {
      for (const { resolve } of polls) resolve('got');
      await started(clock);
    }
    for (const { resolve } of polls) resolve('got');
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['got']));
  });
});
