import { describe, expect, it } from '@jest/globals';
import { matchesPattern, parseBinding } from '../../src/schema/path-template.js';

describe('HTTP bindings', () => {
  it('lists the fields that a path binds, in path order', () => {
    expect(parseBinding('/v1/{a.b=x/*}/y/{c}:verb')).toEqual([
      { path: 'a.b', pattern: 'x/*' },
      { path: 'c', pattern: '*' },
    ]);
    expect(parseBinding('/v1/things')).toEqual([]);
  });

  it.each([
    ['projects/*', 'projects/p', true],
    ['projects/*', 'projects/p/q', false],
    ['projects/*', 'projects/', false],
    ['projects/*', 'folders/p', false],
    ['projects/*', '', false],
    ['*', 'x', true],
    ['*', '', false],
    ['**', '', true],
    ['a/**', 'a', true],
    ['a/**/b', 'a/x/b/y/b', true],
    ['a/**/b', 'a/x/b/y', false],
  ])('%s matches %s: %s', (pattern, value, expected) => {
    expect(matchesPattern(pattern, value)).toBe(expected);
  });
});
