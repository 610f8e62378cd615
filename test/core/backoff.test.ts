import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Backoff } from '../../src/core/backoff.js';

const POLICY = { initialMs: 250, multiplier: 1.5, maxMs: 30_000 };

const nearlyOne = () => 1 - Number.EPSILON / 2;

describe('backoff', () => {
  it('grows by the multiplier, from the initial delay up to the maximum', () => {
    const backoff = new Backoff(POLICY, nearlyOne);
    const delays = Array.from({ length: 16 }, () => Math.round(backoff.next()));
    expect(delays.slice(0, 5)).toEqual([250, 375, 563, 844, 1266]);
    expect(delays.slice(-3)).toEqual([30_000, 30_000, 30_000]);
  });

  it('jitters between half and all of the delay, for any number of attempts', () => {
    const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat(100_000), randoms, (attempt, random) => {
        const wholeMs = Math.min(POLICY.maxMs, 250 * 1.5 ** attempt);
        const backoff = new Backoff(POLICY, () => random);
        backoff.skipTo(attempt);
        const delayMs = backoff.next();
        expect(delayMs).toBeGreaterThanOrEqual(wholeMs / 2);
        expect(delayMs).toBeLessThanOrEqual(wholeMs);
      }),
    );
  });

  it('restarts after a reset, and does not count delays that were not used', () => {
    const backoff = new Backoff({ initialMs: 10, multiplier: 2, maxMs: 500 });
    backoff.skipTo(2);
    expect([backoff.next(), backoff.next()]).toEqual([40, 80]);
    backoff.skipTo(2);
    expect(backoff.next()).toBe(160);
    backoff.reset();
    expect(backoff.next()).toBe(10);
  });
});
