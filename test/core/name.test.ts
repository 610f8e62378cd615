import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  formatOperationName,
  hasWildcard,
  matchesParent,
  parseOperationName,
  parseParent,
} from '../../src/core/name.js';
import { Code, StatusError } from '../../src/core/status.js';
import { fuzzRuns } from '../fuzz/fuzz-runs.js';

const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => !/[/\p{Cc}\uFFFD]/u.test(text) && text.trim() === text && text !== '.' && text !== '..');
const parent = fc.array(segment, { maxLength: 6 }).map((segments) => segments.join('/'));

describe('operation name', () => {
  it('parses to the parts that it was formatted from (contract 1, 9)', () => {
    fc.assert(
      fc.property(parent, segment, (under, id) => {
        expect(parseOperationName(formatOperationName({ parent: under, id }))).toEqual({ parent: under, id });
      }),
    );
  });

  it('formats back to the parsed name, or is rejected with INVALID_ARGUMENT (contract 9)', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('operations', 'a', '', '.', '..', '-', ' ', 'é'), { maxLength: 6 })
        .map((s) => s.join('/')),
    );
    fc.assert(
      fc.property(anything, (name) => {
        try {
          expect(formatOperationName(parseOperationName(name))).toBe(name);
        } catch (thrown) {
          if (!(thrown instanceof StatusError)) throw thrown;
          expect(thrown.code).toBe(Code.INVALID_ARGUMENT);
        }
      }),
      fuzzRuns(1000),
    );
  });

  it.each([
    ['operations/1', '', '1'],
    ['projects/p/operations/1', 'projects/p', '1'],
    ['operations/operations/1', 'operations', '1'],
    ['a/operations/b/operations/c', 'a/operations/b', 'c'],
    ['operations/operations', '', 'operations'],
  ])('%s is under "%s"', (name, under, id) => {
    expect(parseOperationName(name)).toEqual({ parent: under, id });
  });

  it('has at most 1,024 bytes of UTF-8 (contract 9)', () => {
    const longest = `operations/x${'é'.repeat(506)}`;
    expect(Buffer.byteLength(longest)).toBe(1024);
    expect(parseOperationName(longest).id).toHaveLength(507);
    expect(() => parseOperationName(`${longest}x`)).toThrow('longer than 1024 bytes');
    expect(() => parseOperationName(`operations/${'😀'.repeat(254)}`)).toThrow('longer than 1024 bytes');
  });

  it('with half a surrogate pair is rejected (contract 9)', () => {
    expect(() => parseOperationName('operations/\uD83D')).toThrow('not valid UTF-8');
  });
});

describe('parent', () => {
  it('empty and "operations" both mean none (contract 25)', () => {
    expect(parseParent('')).toBe('');
    expect(parseParent('operations')).toBe('');
  });

  it('matches itself and any pattern with wildcard segments for its own (contract 25)', () => {
    const segments = fc.array(
      segment.filter((text) => text !== '-'),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(segments, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), (parts, wild) => {
        const under = parts.join('/');
        const pattern = parts.map((part, index) => (wild[index] ? '-' : part)).join('/');
        expect(matchesParent(under, under)).toBe(true);
        expect(matchesParent(pattern, under)).toBe(true);
        expect(matchesParent(pattern, `${under}/more`)).toBe(false);
        expect(hasWildcard(pattern)).toBe(parts.some((_part, index) => wild[index]));
      }),
    );
  });

  it('matches segment by segment: a dash inside a segment is literal (contract 25)', () => {
    expect(matchesParent('projects/-', 'projects/p')).toBe(true);
    expect(matchesParent('projects/p-', 'projects/pq')).toBe(false);
    expect(matchesParent('projects/-', 'projects/p/q')).toBe(false);
    expect(matchesParent('-', 'projects/p')).toBe(false);
    expect(matchesParent('-', '')).toBe(false);
  });
});
