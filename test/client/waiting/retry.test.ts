import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs, POLL_BACKOFF } from '../../../src/client/waiting/retry.js';

const nearlyOne = () => 1 - Number.EPSILON / 2;

describe('backoff', () => {
  it('grows by half from 250 ms up to 30 s', () => {
    const delays = Array.from({ length: 16 }, (_, attempt) => Math.round(backoffMs(attempt, nearlyOne)));
    expect(delays.slice(0, 5)).toEqual([250, 375, 563, 844, 1266]);
    expect(delays.slice(-3)).toEqual([30_000, 30_000, 30_000]);
  });

  it('takes between half of that and all of it, for any number of attempts', () => {
    const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat(100_000), randoms, (attempt, random) => {
        const wholeMs = Math.min(POLL_BACKOFF.maxMs, 250 * 1.5 ** attempt);
        const delayMs = backoffMs(attempt, () => random);
        expect(delayMs).toBeGreaterThanOrEqual(wholeMs / 2);
        expect(delayMs).toBeLessThanOrEqual(wholeMs);
      }),
    );
  });
});
