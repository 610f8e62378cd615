import { describe, expect, it } from '@jest/globals';
import { RecentlyUsed } from '../../src/core/recently-used.js';

/** A cache of two entries, and the keys that values were created for. */
function keepTwo() {
  const recent = new RecentlyUsed<string, string>(2);
  const made: string[] = [];
  const get = (key: string) =>
    recent.get(key, () => {
      made.push(key);
      return `of ${key}`;
    });
  return { recent, made, get };
}

describe('RecentlyUsed', () => {
  it('creates a value once per cached key', () => {
    const { get, made } = keepTwo();
    expect([get('a'), get('b'), get('a'), get('b')]).toEqual(['of a', 'of b', 'of a', 'of b']);
    expect(made).toEqual(['a', 'b']);
  });

  it('evicts the least recently used key', () => {
    const { get, made } = keepTwo();
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) get(key);
    expect(made).toEqual(['a', 'b', 'c', 'b']);
  });

  it('caches nothing for a key whose value cannot be created', () => {
    const { recent, get } = keepTwo();
    const fail = () => {
      throw new Error('no');
    };
    expect(() => recent.get('a', fail)).toThrow('no');
    expect(get('a')).toBe('of a');
  });

  it('creates all values again after clear', () => {
    const { recent, get, made } = keepTwo();
    get('a');
    recent.clear();
    get('a');
    expect(made).toEqual(['a', 'a']);
  });
});
