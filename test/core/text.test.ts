import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  clipText,
  messageOf,
  percentEncodedBytes,
  readProperty,
  toText,
  utf8Bytes,
} from '../../src/core/text.js';
import { anyString, anyThrown } from '../helpers/any-value.js';

describe('toText', () => {
  it('returns well-formed text for any value and never throws', () => {
    fc.assert(
      fc.property(anyThrown(), (make) => {
        const value = make();
        expect(toText(value).isWellFormed()).toBe(true);
        expect(messageOf(value).isWellFormed()).toBe(true);
      }),
    );
  });

  it('keeps well-formed text and replaces lone surrogates', () => {
    expect(toText('größe 😀')).toBe('größe 😀');
    expect(toText('a\ud83d')).toBe('a\ufffd');
  });
});

describe('readProperty', () => {
  it('is undefined for values without properties, throwing getters and revoked proxies', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const throwing = {
      get code() {
        throw new Error('no');
      },
    };
    for (const value of [undefined, null, proxy, throwing])
      expect(readProperty(value, 'code')).toBeUndefined();
    expect(readProperty({ code: 5 }, 'code')).toBe(5);
  });
});

describe('clipText', () => {
  const encodings = [utf8Bytes, percentEncodedBytes];

  it('respects the limit in encoded bytes and returns a prefix of the text', () => {
    fc.assert(
      fc.property(
        anyString(),
        fc.integer({ min: 9, max: 300 }),
        fc.constantFrom(...encodings),
        (text, limit, bytes) => {
          const clipped = clipText(text, limit, bytes);
          expect(clipped.isWellFormed()).toBe(true);
          expect(bytes(clipped)).toBeLessThanOrEqual(limit);
          const wellFormed = text.toWellFormed();
          if (bytes(wellFormed) <= limit) expect(clipped).toBe(wellFormed);
          else expect(wellFormed.startsWith(clipped.slice(0, -1)) && clipped.endsWith('…')).toBe(true);
        },
      ),
    );
  });

  it('never splits a surrogate pair', () => {
    expect(clipText(`${'x'.repeat(20)}😀yy`, 25, utf8Bytes)).toBe(`${'x'.repeat(20)}…`);
  });

  it('uses as much of the limit as whole characters allow', () => {
    expect(percentEncodedBytes(clipText('漢'.repeat(1024), 2048, percentEncodedBytes))).toBeGreaterThan(2038);
  });
});
