import { describe, expect, it } from '@jest/globals';
import { RecentlyUsed } from '../../src/core/recently-used.js';

/** What keeps two, and the keys that something was made for. */
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
  it('makes a value once for a key that is asked for again', () => {
    const { get, made } = keepTwo();
    expect([get('a'), get('b'), get('a'), get('b')]).toEqual(['of a', 'of b', 'of a', 'of b']);
    expect(made).toEqual(['a', 'b']);
  });

  it('forgets what was asked for longest ago when there is more than it keeps', () => {
    const { get, made } = keepTwo();
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) get(key);
    expect(made).toEqual(['a', 'b', 'c', 'b']);
  });

  it('keeps nothing of a key that nothing can be made for', () => {
    const { recent, get } = keepTwo();
    const fail = () => {
      throw new Error('no');
    };
    expect(() => recent.get('a', fail)).toThrow('no');
    expect(get('a')).toBe('of a');
  });

  it('makes all anew once it was told to forget', () => {
    const { recent, get, made } = keepTwo();
    get('a');
    recent.clear();
    get('a');
    expect(made).toEqual(['a', 'a']);
  });
});
