import { describe, expect, it } from '@jest/globals';
import { retryUnavailable } from '../../../src/client/calls/retry-unavailable.js';
import { rejection } from '../../../src/conformance/kit-error.js';
import { Code, StatusError } from '../../../src/core/status.js';
import { manualClock } from '../../../src/testing/clock/manual-clock.js';

const UNAVAILABLE = new StatusError(Code.UNAVAILABLE, 'busy');

describe('retryUnavailable', () => {
  it('gives up after five attempts, with the last error', async () => {
    const clock = manualClock();
    let attempts = 0;
    const limits = { deadline: Number.POSITIVE_INFINITY, signal: undefined, clock };
    const failing = rejection(
      retryUnavailable(limits, async () => {
        attempts++;
        throw UNAVAILABLE;
      }),
    );
    for (let pause = 1; pause < 5; pause++) {
      await clock.whenArmed(1);
      expect(attempts).toBe(pause);
      await clock.advance(clock.untilNextMs);
    }
    expect(await failing).toBe(UNAVAILABLE);
    expect(attempts).toBe(5);
  });

  it('does not start a pause that would exceed the deadline', async () => {
    const clock = manualClock();
    const limits = { deadline: clock.now() + 200, signal: undefined, clock };
    expect(await rejection(retryUnavailable(limits, () => Promise.reject(UNAVAILABLE)))).toBe(UNAVAILABLE);
  });

  it('does not retry other errors', async () => {
    const denied = new StatusError(Code.PERMISSION_DENIED, 'no');
    const limits = { deadline: Number.POSITIVE_INFINITY, signal: undefined };
    expect(await rejection(retryUnavailable(limits, () => Promise.reject(denied)))).toBe(denied);
  });

  it('ends a pause on abort', async () => {
    const clock = manualClock();
    const giving = new AbortController();
    const limits = { deadline: Number.POSITIVE_INFINITY, signal: giving.signal, clock };
    const failing = rejection(retryUnavailable(limits, () => Promise.reject(UNAVAILABLE)));
    await clock.whenArmed(1);
    giving.abort(new Error('enough'));
    expect(await failing).toBe(giving.signal.reason);
  });
});
