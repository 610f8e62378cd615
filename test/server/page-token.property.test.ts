import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PageTokens, pageTokensOf } from '../../src/server/service/page-token.js';
import type { OperationStore } from '../../src/stores/contract/operation-store.js';
import { fuzzRuns } from '../fuzz/fuzz-runs.js';

const text = fc.string({ unit: 'grapheme' });
const cursor = fc.string({ unit: 'grapheme', minLength: 1 });
const scope = fc.record({ parent: text, filter: text });
const tokens = new PageTokens('secret');

/** A store that keeps this secret. */
function keeping(secret: string): Pick<OperationStore, 'secret'> {
  return { secret: async () => Buffer.from(secret) };
}

describe('page token', () => {
  it('returns its cursor, and is URL-safe (contract 27)', () => {
    fc.assert(
      fc.property(cursor, scope, (written, listing) => {
        const token = tokens.write(written, listing);
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(tokens.read(token, listing)).toBe(written);
      }),
    );
  });

  it('is empty after the last page, and empty requests the first page (contract 27)', () => {
    fc.assert(
      fc.property(scope, (listing) => {
        expect(tokens.write(undefined, listing)).toBe('');
        expect(tokens.read('', listing)).toBeUndefined();
      }),
    );
  });

  it('is rejected with any character changed, removed or inserted (contract 27)', () => {
    const character = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
      fc.base64String({ minLength: 4, maxLength: 4 }),
    );
    fc.assert(
      fc.property(
        cursor,
        scope,
        fc.nat(),
        fc.nat({ max: 1 }),
        fc.option(character),
        (written, listing, position, removed, added) => {
          const good = tokens.write(written, listing);
          const index = position % good.length;
          const token = good.slice(0, index) + (added ?? '') + good.slice(index + removed);
          fc.pre(token !== good && token !== '');
          expect(() => tokens.read(token, listing)).toThrow('page token is damaged');
        },
      ),
      fuzzRuns(1000),
    );
  });

  it('is rejected if truncated anywhere (contract 27)', () => {
    const listing = { parent: 'projects/p', filter: '' };
    const good = tokens.write('1234567', listing);
    for (let length = 1; length < good.length; length++) {
      expect(() => tokens.read(good.slice(0, length), listing)).toThrow('page token is damaged');
    }
  });

  it('is rejected for another parent or filter, however the two are split (contract 27)', () => {
    fc.assert(
      fc.property(cursor, scope, scope, (written, listing, other) => {
        fc.pre(listing.parent !== other.parent || listing.filter !== other.filter);
        const token = tokens.write(written, listing);
        expect(() => tokens.read(token, other)).toThrow('page token is damaged');
      }),
    );
    const token = tokens.write('1', { parent: 'ab', filter: 'c' });
    expect(() => tokens.read(token, { parent: 'a', filter: 'bc' })).toThrow('page token is damaged');
  });

  it('is valid on every server with the same secret, and on no other (contract 27)', () => {
    const listing = { parent: '', filter: '' };
    const token = tokens.write('1', listing);
    expect(new PageTokens(Buffer.from('secret')).read(token, listing)).toBe('1');
    expect(() => new PageTokens('other').read(token, listing)).toThrow('page token is damaged');
  });

  it.each<[string, Pick<OperationStore, 'secret'>, Pick<OperationStore, 'secret'>, boolean]>([
    ['of a store that keeps a secret, on the next server too', keeping('a'), keeping('a'), true],
    ['of another store, nowhere else', keeping('a'), keeping('b'), false],
    ['of a store without one, on this server only', {}, {}, false],
  ])('is valid by the secret %s (contract 27)', async (_where, store, other, isGood) => {
    const listing = { parent: '', filter: '' };
    const here = pageTokensOf(store, undefined);
    const token = (await here()).write('1', listing);
    expect((await here()).read(token, listing)).toBe('1');
    const there = await pageTokensOf(other, undefined)();
    if (isGood) expect(there.read(token, listing)).toBe('1');
    else expect(() => there.read(token, listing)).toThrow('page token is damaged');
    expect(() => new PageTokens('given').read(token, listing)).toThrow('page token is damaged');
  });

  it('can be created once the store is available again', async () => {
    let away = true;
    const store = {
      secret: async () => {
        if (away) throw new Error('away');
        return Buffer.from('a');
      },
    };
    const here = pageTokensOf(store, undefined);
    await expect(here()).rejects.toThrow('away');
    away = false;
    expect(await here()).toBe(await here());
  });

  it('is rejected with INVALID_ARGUMENT if it is arbitrary text (contract 27)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), scope, (junk, listing) => {
        expect(() => tokens.read(junk, listing)).toThrow(expect.objectContaining({ code: 3 }));
      }),
      fuzzRuns(200),
    );
  });
});
