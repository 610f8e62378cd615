import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../../../src/gateway/json/json-text.js';

const ANY_NUMBER = Number.MAX_SAFE_INTEGER;

/** Counts values as the parser does: an empty array or object counts twice. */
function countOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  const items = Object.values(value);
  return 1 + (items.length === 0 ? 1 : items.reduce<number>((sum, item) => sum + countOf(item), 0));
}

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^["\\,:[\]{}x]{0,80}$/));
const json = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    text,
    fc.constantFrom(null, true, 1.5, -0),
    fc.array(tie('json')),
    fc.dictionary(text, tie('json')),
  ),
})).json;
const space = fc.constantFrom(undefined, 1, '\t\r\n');

describe('parseJson', () => {
  it('returns the same as JSON.parse, and reports no duplicate keys if there are none', () => {
    fc.assert(
      fc.property(json, space, (value, indent) => {
        const written = JSON.stringify(value, null, indent);
        const parsed = parseJson(written, ANY_NUMBER);
        expect(parsed.value).toEqual(JSON.parse(written));
        expect(parsed.hasDuplicateKeys).toBe(false);
      }),
    );
  });

  it('finds a duplicate key at any depth, however it is escaped', () => {
    fc.assert(
      fc.property(fc.array(json), text, json, json, (before, key, first, second) => {
        const name = JSON.stringify(key);
        const escaped = `"${Array.from({ length: key.length }, (_, at) => `\\u${key.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`;
        const object = `{${name}:${JSON.stringify(first)},${escaped}:${JSON.stringify(second)}}`;
        const inner = [...before.map((each) => JSON.stringify(each)), object].join();
        expect(parseJson(`{"a":[${inner}]}`, ANY_NUMBER).hasDuplicateKeys).toBe(true);
      }),
    );
  });

  it('rejects more values than the limit, and accepts as many', () => {
    fc.assert(
      fc.property(json, space, (value, indent) => {
        const written = JSON.stringify(value, null, indent);
        const count = countOf(JSON.parse(written));
        expect(() => parseJson(written, count)).not.toThrow();
        if (count > 1)
          expect(() => parseJson(written, count - 1)).toThrow(/^body has more than \d+ values: send fewer/);
      }),
    );
  });

  it('rejects text that is not JSON, with a specific message', () => {
    fc.assert(
      fc.property(text, (written) => {
        let isJson = true;
        try {
          JSON.parse(written);
        } catch {
          isJson = false;
        }
        const parse = () => parseJson(written, ANY_NUMBER);
        if (isJson) expect(parse).not.toThrow();
        else expect(parse).toThrow(/^body is no JSON: .*; correct it$/s);
      }),
    );
  });

  it('rejects deep nesting before parsing', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(() => parseJson(nested(500), ANY_NUMBER)).not.toThrow();
    for (const open of [nested(501), '['.repeat(1e6), '{"a":'.repeat(1e5)]) {
      expect(() => parseJson(open, ANY_NUMBER)).toThrow(
        /^body is nested deeper than 500 levels: flatten it$/,
      );
    }
  });
});
