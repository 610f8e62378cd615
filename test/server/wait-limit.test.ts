import { describe, expect, it } from '@jest/globals';
import type { Duration } from '../../generated/google/protobuf/duration.js';
import { expectKitError } from '../../src/conformance/kit-error.js';
import { startReportsServer } from '../../src/conformance/reports-server.js';
import { Code } from '../../src/core/status.js';
import { settled } from '../../src/testing/clock/manual-clock.js';

const seconds = (count: number): Duration => ({
  seconds: Math.trunc(count),
  nanos: Math.round((count % 1) * 1e9),
});

describe('the time limit of a wait', () => {
  it.each<[string, { timeout?: number; deadlineMs?: number; maxWaitMs?: number }, number]>([
    ['is the maximum of the server (contract 23)', {}, 60_000],
    ['is its timeout', { timeout: 2 }, 2000],
    ['is a timeout of less than a second', { timeout: 0.25 }, 250],
    ['is a timeout of less than a millisecond, rounded up', { timeout: 0.0001 }, 1],
    ['is the maximum for a longer timeout', { timeout: 61 }, 60_000],
    ['is a maximum that was configured', { timeout: 61, maxWaitMs: 700 }, 700],
    ['is a deadline less 100 ms', { deadlineMs: 10_000 }, 9900],
    ['is a deadline of half a second less 100 ms', { deadlineMs: 500 }, 400],
    ['is a shorter deadline less a fifth', { deadlineMs: 400 }, 320],
    ['is the deadline if that is before the timeout', { timeout: 20, deadlineMs: 10_000 }, 9900],
    ['is the timeout if that is before the deadline', { timeout: 9, deadlineMs: 10_000 }, 9000],
    ['is the maximum if that is before the deadline', { deadlineMs: 100_000 }, 60_000],
  ])('%s (contract 22)', async (_, { timeout, deadlineMs, maxWaitMs }, limitMs) => {
    await using server = await startReportsServer({ maxWaitMs });
    const { name } = await server.inProcess.exportReport();
    await server.exports.on(name);
    let isAnswered = false;
    const waited = server.inProcess.operations
      .waitOperation(
        { name, timeout: timeout === undefined ? undefined : seconds(timeout) },
        deadlineMs === undefined ? {} : { timeoutMs: deadlineMs },
      )
      .then(({ done }) => {
        isAnswered = true;
        return done;
      });
    await settled();
    await server.manual.advance(limitMs - 1);
    await settled();
    expect(isAnswered).toBe(false);
    await server.manual.advance(1);
    expect(await waited).toBe(false);
  });

  it.each([seconds(0), { seconds: 0, nanos: 0 }])(
    'of zero answers immediately (contract 23)',
    async (timeout) => {
      await using server = await startReportsServer();
      const { name } = await server.inProcess.exportReport();
      await server.exports.on(name);
      const { operations } = server.inProcess;
      expect(await operations.waitOperation({ name, timeout })).toMatchObject({ name, done: false });
      expect(await operations.waitOperation({ name }, { timeoutMs: 0 })).toMatchObject({ name, done: false });
    },
  );

  it.each([
    [{ seconds: -1, nanos: 0 }, /timeout of -1000 ms is negative/],
    [{ seconds: 0, nanos: -1_000_000 }, /timeout of -1 ms is negative/],
  ])('cannot be %j (contract 23)', async (timeout, message) => {
    await using server = await startReportsServer();
    const { name } = await server.inProcess.exportReport();
    const refused = server.inProcess.operations.waitOperation({ name, timeout });
    await expectKitError(refused, Code.INVALID_ARGUMENT, { field: 'timeout', message });
  });
});
