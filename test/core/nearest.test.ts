import { describe, expect, it } from '@jest/globals';
import { nearest } from '../../src/core/nearest.js';

describe('nearest', () => {
  it.each([
    ['honor', ['ignore', 'honour'], 'honour'],
    ['meta', ['atMs', 'metadata'], 'metadata'],
    ['VERB', ['verb'], 'verb'],
    ['xyz', ['verb', 'target'], undefined],
    ['', ['verb'], undefined],
    ['verb', [], undefined],
  ])('%s among %j is %s', (text, candidates, expected) => {
    expect(nearest(text, candidates)).toBe(expected);
  });
});
