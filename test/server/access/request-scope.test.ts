import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { givenRequestId, scopedRequestId } from '../../../src/server/access/request-scope.js';

const caller = fc.record({ principal: fc.option(fc.string({ minLength: 1 }), { nil: undefined }) });

describe('a stored request id', () => {
  it('is distinct for each caller, for any input, and converts back to the given id (contract 8, 31)', () => {
    // Ids that look like what is kept for somebody.
    const id = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.tuple(fc.string({ minLength: 1 }), caller).map(([text, who]) => scopedRequestId(text, who)),
    );
    fc.assert(
      fc.property(id, caller, id, caller, (one, ada, other, bob) => {
        const kept = scopedRequestId(one, ada);
        expect(givenRequestId(kept, ada)).toBe(one);
        const isSame = one === other && ada.principal === bob.principal;
        expect(kept === scopedRequestId(other, bob)).toBe(isSame);
      }),
    );
  });

  it('of one caller cannot be used by another', () => {
    const kept = scopedRequestId('known', { principal: 'user:ada@example.com' });
    expect(scopedRequestId(kept, {})).not.toBe(kept);
    expect(givenRequestId(scopedRequestId(kept, {}), {})).toBe(kept);
  });

  it('is unchanged without authentication', () => {
    expect(scopedRequestId('2f1b0e6c-0000-4000-8000-000000000000', {})).toBe(
      '2f1b0e6c-0000-4000-8000-000000000000',
    );
  });
});
