import { getEventListeners } from 'node:events';
import { expect, it } from '@jest/globals';
import type { Duration } from '../../generated/google/protobuf/duration.js';
import { systemClock } from '../../src/clock.js';
import { Code } from '../../src/status.js';
import { aroundStore } from '../helpers/around-store.js';
import { settled } from '../helpers/manual-clock.js';
import { expectKitError, rejection } from '../helpers/rejection.js';
import { metadataOf, onEveryServer, type Subject } from './every-server.js';

/** How long the server means to take for a wait, found out by letting just that time pass. */
async function waitLimitMs(server: Subject, name: string, timeout?: Duration): Promise<number> {
  const waited = server.operations.waitOperation({ name, timeout });
  await server.manual.whenArmed(1);
  const limitMs = server.manual.untilNextMs;
  await server.manual.advance(limitMs);
  expect((await waited).done).toBe(false);
  return limitMs;
}

onEveryServer('wait', (open) => {
  it('done: answers at once, whatever the timeout (contract 21)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    (await server.exports.on(name)).succeed();
    await server.operations.waitOperation({ name });
    for (const timeout of [undefined, { seconds: 0, nanos: 0 }, { seconds: 3600, nanos: 0 }]) {
      expect((await server.operations.waitOperation({ name, timeout })).done).toBe(true);
    }
    expect(server.manual.armed).toBe(0);
  });

  it('answers as soon as the operation ends (contract 21)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const waited = server.operations.waitOperation({ name, timeout: { seconds: 30, nanos: 0 } });
    await server.manual.whenArmed(1);
    (await server.exports.on(name)).succeed();
    expect((await waited).done).toBe(true);
  });

  it('time-out: OK with the latest state (contract 21)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const waited = server.operations.waitOperation({ name, timeout: { seconds: 5, nanos: 0 } });
    await server.manual.whenArmed(1);
    await (await server.exports.on(name)).context.update({ progressPercent: 33 });
    await server.manual.advance(5000);
    const latest = await waited;
    expect(latest.done).toBe(false);
    expect(metadataOf(latest).progressPercent).toBe(33);
  });

  it('the shorter of the timeout and the maximum of the server counts (contract 22)', async () => {
    await using server = await open({ maxWaitMs: 7000 });
    const { name } = await server.exportReport();
    expect(await waitLimitMs(server, name, { seconds: 3, nanos: 0 })).toBe(3000);
    expect(await waitLimitMs(server, name, { seconds: 300, nanos: 0 })).toBe(7000);
    expect(await waitLimitMs(server, name, { seconds: 315_576_000_000, nanos: 999_999_999 })).toBe(7000);
  });

  it('the maximum of the server is a minute unless said otherwise (contract 22, 23)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    expect(await waitLimitMs(server, name)).toBe(60_000);
  });

  it('a deadline is answered 100 ms ahead, with OK (contract 22)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const waited = server.operations.waitOperation({ name }, { timeoutMs: 30_000 });
    await server.manual.whenArmed(1);
    const limitMs = server.manual.untilNextMs;
    // Over a socket some of the deadline has passed by the time that the request is there.
    expect(limitMs).toBeLessThanOrEqual(29_900);
    expect(limitMs).toBeGreaterThan(20_000);
    await server.manual.advance(limitMs);
    expect((await waited).done).toBe(false);
  });

  it('no timeout: a deadline counts up to the maximum of the server (contract 22, 23)', async () => {
    await using server = await open({ clock: systemClock, maxWaitMs: 50 });
    const { name } = await server.exportReport();
    const beginning = performance.now();
    expect((await server.operations.waitOperation({ name }, { timeoutMs: 120_000 })).done).toBe(false);
    expect(performance.now() - beginning).toBeLessThan(60_000);
  });

  it('zero timeout: the present state, at once (contract 23)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const latest = await server.operations.waitOperation({ name, timeout: { seconds: 0, nanos: 0 } });
    expect(latest).toMatchObject({ name, done: false });
    expect(server.manual.armed).toBe(0);
  });

  it('sub-second timeouts are honoured (contract 23)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    expect(await waitLimitMs(server, name, { seconds: 0, nanos: 250_000_000 })).toBe(250);
    expect(await waitLimitMs(server, name, { seconds: 1, nanos: 500_000_000 })).toBe(1500);
    expect(await waitLimitMs(server, name, { seconds: 0, nanos: 1 })).toBeCloseTo(0, 3);
  });

  it.each([
    { seconds: -1, nanos: 0 },
    { seconds: 0, nanos: -1 },
    { seconds: -5, nanos: -500_000_000 },
  ])('negative timeout %o: INVALID_ARGUMENT (contract 23, 32)', async (timeout) => {
    await using server = await open();
    const { name } = await server.exportReport();
    const waited = server.operations.waitOperation({ name, timeout });
    await expectKitError(waited, Code.INVALID_ARGUMENT, { field: 'timeout', message: /negative/ });
  });

  it('a completion between the read and the subscription is not lost (contract 24)', async () => {
    let afterRead: (() => Promise<void>) | undefined;
    await using server = await open({
      around: (store) =>
        aroundStore(store, async (call, proceed) => {
          const answer = await proceed();
          if (call.method === 'get' && afterRead) {
            const hook = afterRead;
            afterRead = undefined;
            await hook();
          }
          return answer;
        }),
    });
    const { name } = await server.exportReport();
    const run = await server.exports.on(name);
    await settled();
    afterRead = async () => {
      run.succeed();
      await settled();
    };
    expect((await server.operations.waitOperation({ name })).done).toBe(true);
    expect(server.manual.armed).toBe(0);
  });

  it('a completion at any turn of the event loop is not lost (contract 24)', async () => {
    await using server = await open();
    for (let turns = 0; turns < 12; turns++) {
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      const waited = server.operations.waitOperation({ name });
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      run.succeed();
      expect((await waited).done).toBe(true);
    }
  });

  it('waiters that go away leave neither timer nor listener (contract 24)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const run = await server.exports.on(name);
    const leaving = new AbortController();
    const { signal } = leaving;
    const waits = Array.from({ length: 20 }, () =>
      rejection(server.operations.waitOperation({ name }, { signal })),
    );
    await server.manual.whenArmed(waits.length);
    const reason = new Error('gone');
    leaving.abort(reason);
    expect(new Set(await Promise.all(waits))).toEqual(new Set([reason]));
    while (server.manual.armed > 0) await settled();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    run.succeed();
    expect((await server.operations.waitOperation({ name })).done).toBe(true);
  });

  it('answered waiters leave neither timer nor listener (contract 24)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const { signal } = new AbortController();
    const waits = Array.from({ length: 20 }, () => server.operations.waitOperation({ name }, { signal }));
    await server.manual.whenArmed(waits.length);
    (await server.exports.on(name)).succeed();
    await Promise.all(waits);
    expect(server.manual.armed).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('when the server stops: the latest state, OK (contract 21)', async () => {
    await using server = await open({ onAbort: 'ignore' });
    const { name } = await server.exportReport();
    const waited = server.operations.waitOperation({ name });
    await server.manual.whenArmed(1);
    const run = await server.exports.on(name);
    const closed = server.kit.close({ graceMs: 1000 });
    expect((await waited).done).toBe(false);
    run.succeed();
    await closed;
  });
});
