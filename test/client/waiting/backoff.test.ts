import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Asked, backoffMs, POLL_BACKOFF, pauseMs } from '../../../src/client/waiting/backoff.js';

const nearlyOne = () => 1 - Number.EPSILON / 2;

describe('backoff', () => {
  it('grows by half from 250 ms up to 30 s', () => {
    const delays = Array.from({ length: 16 }, (_, attempt) => Math.round(backoffMs(attempt, nearlyOne)));
    expect(delays.slice(0, 5)).toEqual([250, 375, 563, 844, 1266]);
    expect(delays.slice(-3)).toEqual([30_000, 30_000, 30_000]);
  });

  it('takes at least half of that, at most the whole, however many attempts there were', () => {
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

describe('pause', () => {
  const asked: Asked = { outcome: 'early', attempt: 0, tookMs: 0, maxMs: 30_000, retryAfterMs: 0 };
  const cases: [string, Partial<Asked>, number][] = [
    ['held: none', { outcome: 'held', attempt: 9, tookMs: 500 }, 0],
    ['early: the backoff', {}, 250],
    ['early, again: more', { attempt: 2 }, 562.5],
    ['early, after a while: less by that', { tookMs: 100 }, 150],
    ['early, after longer than the backoff: none', { tookMs: 400 }, 0],
    ['early, often: no more than 30 s', { attempt: 99 }, 30_000],
    ['early, often: no more than the pace allows', { attempt: 99, maxMs: 1000 }, 1000],
    ['no answer: the backoff', { outcome: 'unanswered', attempt: 1 }, 375],
    ['no answer after a while: no less for it', { outcome: 'unanswered', attempt: 1, tookMs: 500 }, 375],
    [
      'no answer, often: no more than the pace allows',
      { outcome: 'unanswered', attempt: 99, maxMs: 1000 },
      1000,
    ],
    ['no answer, with a later date: that', { outcome: 'unanswered', maxMs: 1000, retryAfterMs: 7000 }, 7000],
    ['no answer, with an earlier date: the backoff', { outcome: 'unanswered', retryAfterMs: 100 }, 250],
  ];
  it.each(cases)('%s', (_, given, expected) => {
    expect(pauseMs({ ...asked, ...given }, () => 1)).toBe(expected);
  });
});
