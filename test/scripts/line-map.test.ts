import { SourceMap } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { lineMappings } from '../../scripts/line-map.js';

/** Where a generated place comes from: line and column of the source. */
function originOf(mappings: string, line: number, column: number): unknown {
  const map = new SourceMap({
    version: 3,
    file: 'a.js',
    sources: ['a.ts', 'b.ts'],
    sourcesContent: ['', ''],
    names: [],
    sourceRoot: '',
    mappings,
  });
  const { originalSource, originalLine, originalColumn } = map.findEntry(line, column) as never as Record<
    string,
    unknown
  >;
  return [originalSource, originalLine, originalColumn];
}

describe('source maps by line', () => {
  // Three lines: two segments, then none, then one of another source and far down, then one that goes back.
  const whole = 'AAAA,IAAIA;;ECgiCI,GAAG;ADhiCH';

  it('say of each line what its first segment said, and nothing of the others', () => {
    const byLine = lineMappings(whole);
    expect(byLine.split(';').map((line) => line.split(',').length)).toEqual([1, 1, 1, 1]);
    expect(originOf(byLine, 0, 5)).toEqual(['a.ts', 0, 0]);
    expect(originOf(byLine, 2, 5)).toEqual(['b.ts', 1056, 8]);
    expect(originOf(byLine, 3, 5)).toEqual(['a.ts', 0, 8]);
  });

  it('of nothing are nothing', () => {
    expect(lineMappings('')).toBe('');
    expect(lineMappings(';A;')).toBe(';;');
  });
});
