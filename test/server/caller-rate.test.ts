import { describe, expect, it } from '@jest/globals';
import { rejection } from '../../src/conformance/kit-error.js';
import { Code } from '../../src/core/status.js';
import { CallerRate } from '../../src/server/limits/caller-limits.js';

describe('CallerRate', () => {
  it('rejects events over the limit within a second of the first, per caller', async () => {
    let now = 0;
    const rate = new CallerRate(2, 'too many', () => now);
    rate.countOrRefuse('a');
    now = 900;
    rate.countOrRefuse('a');
    rate.countOrRefuse('b');
    const refused = await rejection(Promise.resolve().then(() => rate.countOrRefuse('a')));
    expect(refused).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, message: 'too many' });
    now = 1000;
    rate.countOrRefuse('a');
  });

  it('checks without counting, and counts without checking', () => {
    let now = 0;
    const rate = new CallerRate(1, 'too many', () => now);
    rate.assertBelow('a');
    rate.assertBelow('a');
    rate.count('a');
    rate.count('a');
    expect(() => rate.assertBelow('a')).toThrow('too many');
    now = 1000;
    rate.assertBelow('a');
  });
});
