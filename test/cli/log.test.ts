import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { errorFacts } from '../../src/cli/serve/log.js';
import { anyThrown, HOSTILE } from '../helpers/any-value.js';

describe('errorFacts', () => {
  it('converts any thrown value to a line of bounded length (contract 50)', () => {
    const expectWritten = (thrown: unknown) => {
      const line = JSON.stringify(errorFacts(thrown, 5));
      expect(line).toBeDefined();
      expect(line.isWellFormed()).toBe(true);
      expect(line.length).toBeLessThan(1024 * 1024);
    };
    for (const make of HOSTILE) expectWritten(make());
    fc.assert(fc.property(anyThrown(), (make) => expectWritten(make())));
  });

  it('keeps type, message, stack, code and causes of an error', () => {
    const cause = Object.assign(new TypeError('below'), { code: 'ECONNRESET' });
    const error = new Error('above', { cause });
    expect(errorFacts(error, 5)).toEqual({
      type: 'Error',
      message: 'above',
      stack: error.stack,
      cause: { type: 'TypeError', message: 'below', stack: cause.stack, code: 'ECONNRESET' },
    });
    expect(errorFacts(error, 0)).not.toHaveProperty('cause');
  });
});
