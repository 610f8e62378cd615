import { equal, ok } from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { Duration } from '../../generated/google/protobuf/duration.js';
import { systemClock } from '../core/clock.js';
import { Code } from '../core/status.js';
import { aroundStore } from '../stores/contract/around-store.js';
import { settled } from '../testing/clock/manual-clock.js';
import { eventually } from './eventually.js';
import { expectKitError, rejection } from './kit-error.js';
import { metadataOf } from './messages.js';
import { type Open, type Subject, type Topic, testCase } from './test-case.js';

/** WaitOperation: the time of its answer, and its cleanup. */
export const wait: Topic<Open> = {
  name: 'wait',
  cases: [
    testCase('done: answers immediately, whatever the timeout', [21], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      (await server.exports.on(name)).succeed();
      await server.operations.waitOperation({ name });
      for (const timeout of [undefined, { seconds: 0, nanos: 0 }, { seconds: 3600, nanos: 0 }]) {
        equal((await server.operations.waitOperation({ name, timeout })).done, true);
      }
      equal(server.manual.armed, 0);
    }),

    testCase('answers as soon as the operation ends', [21], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      const waited = server.operations.waitOperation({ name, timeout: { seconds: 30, nanos: 0 } });
      await server.manual.whenArmed(1);
      (await server.exports.on(name)).succeed();
      equal((await waited).done, true);
    }),

    testCase('timeout: OK with the latest state', [21], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      const waited = server.operations.waitOperation({ name, timeout: { seconds: 5, nanos: 0 } });
      await server.manual.whenArmed(1);
      await (await server.exports.on(name)).context.update({ progressPercent: 33 });
      await server.manual.advance(5000);
      const latest = await waited;
      equal(latest.done, false);
      equal(metadataOf(latest).progressPercent, 33);
    }),

    testCase("the shorter of the timeout and the server's maximum applies", [22], async (open) => {
      const server = await open({ maxWaitMs: 7000 });
      const { name } = await server.exportReport();
      equal(await waitLimitMs(server, name, { seconds: 3, nanos: 0 }), 3000);
      equal(await waitLimitMs(server, name, { seconds: 300, nanos: 0 }), 7000);
      equal(await waitLimitMs(server, name, { seconds: 315_576_000_000, nanos: 999_999_999 }), 7000);
    }),

    testCase("the server's maximum is a minute by default", [22, 23], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      equal(await waitLimitMs(server, name), 60_000);
    }),

    testCase('a deadline is answered 100 ms ahead, with OK', [22], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      const waited = server.operations.waitOperation({ name }, { timeoutMs: 30_000 });
      await server.manual.whenArmed(1);
      const limitMs = server.manual.untilNextMs;
      // Over a socket, part of the deadline has passed when the request arrives.
      ok(limitMs <= 29_900 && limitMs > 20_000, `it intends to wait ${limitMs} ms`);
      await server.manual.advance(limitMs);
      equal((await waited).done, false);
    }),

    testCase("no timeout: the deadline applies, up to the server's maximum", [22, 23], async (open) => {
      const server = await open({ clock: systemClock, maxWaitMs: 50 });
      const { name } = await server.exportReport();
      const beginning = performance.now();
      equal((await server.operations.waitOperation({ name }, { timeoutMs: 120_000 })).done, false);
      ok(performance.now() - beginning < 60_000);
    }),

    testCase('zero timeout: the current state, immediately', [23], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      const latest = await server.operations.waitOperation({ name, timeout: { seconds: 0, nanos: 0 } });
      equal(latest.name, name);
      equal(latest.done, false);
      equal(server.manual.armed, 0);
    }),

    testCase('sub-second timeouts are honored', [23], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      equal(await waitLimitMs(server, name, { seconds: 0, nanos: 250_000_000 }), 250);
      equal(await waitLimitMs(server, name, { seconds: 1, nanos: 500_000_000 }), 1500);
      ok((await waitLimitMs(server, name, { seconds: 0, nanos: 1 })) < 0.001);
    }),

    testCase('negative timeout: INVALID_ARGUMENT', [23, 32], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      for (const timeout of [
        { seconds: -1, nanos: 0 },
        { seconds: 0, nanos: -1 },
        { seconds: -5, nanos: -500_000_000 },
      ]) {
        const waited = server.operations.waitOperation({ name, timeout });
        await expectKitError(waited, Code.INVALID_ARGUMENT, { field: 'timeout', message: /negative/ });
      }
    }),

    testCase('a completion between the read and the subscription is not lost', [24], async (open) => {
      let afterRead: (() => Promise<void>) | undefined;
      const server = await open({
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
      let completed: Promise<void> | undefined;
      afterRead = () => {
        run.succeed();
        completed = eventually(async () => (await server.operations.getOperation({ name })).done);
        return completed;
      };
      equal((await server.operations.waitOperation({ name })).done, true);
      // The wait may be answered first.
      await completed;
      equal(server.manual.armed, 0);
    }),

    testCase('a completion at any turn of the event loop is not lost', [24], async (open) => {
      const server = await open();
      for (let turns = 0; turns < 12; turns++) {
        const { name } = await server.exportReport();
        const run = await server.exports.on(name);
        const waited = server.operations.waitOperation({ name });
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        run.succeed();
        equal((await waited).done, true);
      }
    }),

    testCase('waiters that disconnect leave neither timer nor listener', [24], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      const leaving = new AbortController();
      const { signal } = leaving;
      const waits = Array.from({ length: 20 }, (_, index) =>
        rejection(server.operations.waitOperation({ name, timeout: unlike(index) }, { signal })),
      );
      await server.manual.whenArmed(waits.length);
      const reason = new Error('gone');
      leaving.abort(reason);
      for (const thrown of await Promise.all(waits)) equal(thrown, reason);
      await eventually(() => server.manual.armed === 0);
      equal(getEventListeners(signal, 'abort').length, 0);
      run.succeed();
      equal((await server.operations.waitOperation({ name })).done, true);
    }),

    testCase('answered waiters leave neither timer nor listener', [24], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      const { signal } = new AbortController();
      const waits = Array.from({ length: 20 }, (_, index) =>
        server.operations.waitOperation({ name, timeout: unlike(index) }, { signal }),
      );
      await server.manual.whenArmed(waits.length);
      (await server.exports.on(name)).succeed();
      await Promise.all(waits);
      equal(server.manual.armed, 0);
      equal(getEventListeners(signal, 'abort').length, 0);
    }),

    testCase('when the server stops: OK with the latest state', [21], async (open) => {
      const server = await open({ onAbort: 'ignore' });
      const { name } = await server.exportReport();
      const waited = server.operations.waitOperation({ name });
      await server.manual.whenArmed(1);
      const run = await server.exports.on(name);
      const closed = server.kit.close({ graceMs: 1000 });
      equal((await waited).done, false);
      run.succeed();
      await closed;
    }),
  ],
};

/** Timeout that differs from those of other waits: waits that end at the same time may share a timer. */
function unlike(index: number): Duration {
  return { seconds: 30 + index, nanos: 0 };
}

/** Measures how long the server intends to wait, by advancing the clock by exactly that time. */
async function waitLimitMs(server: Subject, name: string, timeout?: Duration): Promise<number> {
  const waited = server.operations.waitOperation({ name, timeout });
  await server.manual.whenArmed(1);
  const limitMs = server.manual.untilNextMs;
  await server.manual.advance(limitMs);
  equal((await waited).done, false);
  return limitMs;
}
