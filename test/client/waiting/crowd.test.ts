import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { OperationsClient } from '../../../src/client/operations/operations-client.js';
import { expectKitError, rejection } from '../../../src/conformance/kit-error.js';
import { Code } from '../../../src/core/status.js';
import { manualClock, pausesUntil, settled } from '../../../src/testing/clock/manual-clock.js';
import { startBreakableLink } from '../breakable-link.js';
import { startLimitedServer } from '../limited-server.js';
import { never, running, startScriptedServer, succeeded } from '../scripted-server.js';

const WAITS = 10_000;

/** Documented bound on wait connections, plus the connection of all other calls. */
const MOST_CONNECTIONS = 32 + 1;

describe('many waits at once', () => {
  it('10,000 on one client, 100 streams per connection: all end, a Cancel meanwhile does not queue, connections are bounded', async () => {
    await using server = await startLimitedServer(100);
    await using client = new OperationsClient({ address: server.address });
    const [cancelled = '', ...names] = await server.start(WAITS + 1);
    const waits = names.map((name) => client.operation(name).wait());
    await server.whenHeld(500);
    // No wait has ended or will end for half a minute, so a call queued behind them would be late.
    await client.cancelOperation({ name: cancelled }, { timeoutMs: 10_000 });
    server.finish();
    const outcomes = await Promise.all(waits);
    expect(outcomes.filter(({ state }) => state === 'succeeded')).toHaveLength(WAITS);
    expect(server.connections()).toBeLessThanOrEqual(MOST_CONNECTIONS);
  }, 300_000);

  it('a server that allows four streams: the limit is detected, and all waits succeed', async () => {
    await using server = await startLimitedServer(4);
    await using client = new OperationsClient({ address: server.address });
    const names = await server.start(30);
    const waits = names.map((name) => client.operation(name).wait());
    await server.whenHeld(30);
    server.finish();
    for (const outcome of await Promise.all(waits)) expect(outcome.state).toBe('succeeded');
    expect(server.connections()).toBeLessThanOrEqual(MOST_CONNECTIONS);
  }, 300_000);

  it('more waits than slots: the others poll, and all end', async () => {
    await using server = await startLimitedServer(100);
    await using client = new OperationsClient({ address: server.address, maxWaitConnections: 1 });
    const names = await server.start(400);
    const ended = new Set<string>();
    const waits = names.map(async (name) => {
      await client.operation(name).wait();
      ended.add(name);
    });
    await server.whenHeld(80);
    server.finish();
    await Promise.all(waits);
    expect(ended.size).toBe(400);
    expect(server.connections()).toBeLessThanOrEqual(2);
  }, 300_000);

  it('queued waits end at an abort, at a timeout, or with the client', async () => {
    await using server = await startScriptedServer({ waitOperation: never });
    await using client = new OperationsClient({ address: server.address, maxWaitConnections: 1 });
    const waiting = Array.from({ length: 80 }, (_, n) =>
      rejection(client.operation(`operations/${n}`).wait()),
    );
    while (server.count('waitOperation') < 80) await delay(5);
    const controller = new AbortController();
    const inLine = rejection(client.waitOperation({ name: 'operations/a' }, { signal: controller.signal }));
    const late = expectKitError(
      client.waitOperation({ name: 'operations/b' }, { timeoutMs: 50 }),
      Code.DEADLINE_EXCEEDED,
      { reason: 'WAIT_TURN_TIMED_OUT' },
    );
    const closed = rejection(client.waitOperation({ name: 'operations/c' }));
    await settled();
    controller.abort('left');
    expect(await inLine).toBe('left');
    expect(await late).toMatchObject({ operationName: 'operations/b' });
    client.close();
    for (const error of await Promise.all([...waiting, closed])) {
      expect(error).toMatchObject({ code: Code.UNAVAILABLE, message: expect.stringMatching(/^client is/) });
    }
  });

  it('a wait connection closes after 30 s without waits', async () => {
    const clock = manualClock();
    await using server = await startScriptedServer({ waitOperation: () => succeeded() });
    await using link = await startBreakableLink(server.address);
    await using client = new OperationsClient({ address: link.address, clock });
    await client.operation('operations/1').wait();
    await clock.advance(29_000);
    await client.operation('operations/2').wait();
    await clock.advance(29_000);
    expect(link.connections).toBe(1);
    await clock.advance(1000);
    while (link.connections > 0) await delay(5);
    await client.operation('operations/3').wait();
    expect(link.connections).toBe(1);
  });

  it.each([0, -1, 1.5, Number.NaN])('maxWaitConnections %d: TypeError', (maxWaitConnections) => {
    const make = () => new OperationsClient({ address: 'localhost:1', maxWaitConnections });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(`maxWaitConnections must be a positive whole number, got ${maxWaitConnections}`);
  });
});

describe('a silently broken connection', () => {
  it('is detected by keepalive, and the wait continues on another', async () => {
    const asked = Promise.withResolvers<void>();
    await using server = await startScriptedServer({
      waitOperation: (_, count) => {
        asked.resolve();
        return count === 0 ? never() : succeeded();
      },
    });
    await using link = await startBreakableLink(server.address);
    await using client = new OperationsClient({
      address: link.address,
      channelOptions: { 'grpc.keepalive_time_ms': 100, 'grpc.keepalive_timeout_ms': 100 },
    });
    const waiting = client.operation('operations/1').wait();
    await asked.promise;
    link.freeze();
    expect((await waiting).state).toBe('succeeded');
  });

  it('is replaced if its long polls get no answer, without keepalive, and all continue on another', async () => {
    await using server = await startLimitedServer(100);
    await using link = await startBreakableLink(server.address);
    await using client = new OperationsClient({
      address: link.address,
      channelOptions: { 'grpc.keepalive_time_ms': 3_600_000 },
    });
    const names = await server.start(60);
    const waits = names.slice(0, 40).map((name) => client.operation(name).wait());
    await server.whenHeld(40);
    link.freeze();
    waits.push(...names.slice(40).map((name) => client.operation(name).wait()));
    // All are polled again.
    while (server.calls.waitOperation < 40 + 60) await delay(20);
    server.finish();
    for (const { state } of await Promise.all(waits)) expect(state).toBe('succeeded');
  });
});

describe('a new wait among many', () => {
  it('reports an operation that has ended at once, behind long polls of any duration', async () => {
    const clock = manualClock();
    await using server = await startScriptedServer({
      waitOperation: never,
      getOperation: ({ request }) => (request.name === 'operations/done' ? succeeded() : running()),
    });
    await using client = new OperationsClient({ address: server.address, maxWaitConnections: 1, clock });
    const { signal } = new AbortController();
    const polls = Array.from({ length: 80 }, (_, n) =>
      rejection(client.waitOperation({ name: `operations/${n}` }, { signal })),
    );
    while (server.count('waitOperation') < 80) await delay(5);
    expect((await client.operation('operations/done').wait()).state).toBe('succeeded');
    client.close();
    await Promise.all(polls);
  });

  it('polls with backoff from about 1 s to 30 s while no slot is free, then long-polls', async () => {
    const clock = manualClock();
    const freed = Promise.withResolvers<void>();
    await using server = await startScriptedServer({
      waitOperation: async ({ request }) => {
        if (request.name === 'operations/new') return succeeded();
        await freed.promise;
        return running();
      },
      getOperation: () => running(),
    });
    const random = () => 1;
    await using client = new OperationsClient({
      address: server.address,
      maxWaitConnections: 1,
      clock,
      random,
    });
    const polls = Array.from({ length: 80 }, (_, n) => client.waitOperation({ name: `operations/${n}` }));
    while (server.count('waitOperation') < 80) await delay(5);
    const newcomer = client.operation('operations/new').wait();
    const pauses: number[] = [];
    while (pauses.at(-1) !== 30_000) {
      await clock.whenArmed(1);
      pauses.push(Math.round(clock.untilNextMs));
      await clock.advance(clock.untilNextMs);
    }
    expect(pauses.slice(0, 3)).toEqual([1266, 1898, 2848]);
    expect(server.count('getOperation')).toBeLessThan(15);
    freed.resolve();
    await Promise.all(polls);
    await pausesUntil(newcomer, clock);
    expect((await newcomer).state).toBe('succeeded');
  });
});
