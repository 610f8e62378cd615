import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseDurationMs, readPause } from '../../src/cli/options/options.js';

describe('parseDurationMs', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1.5s', 1500],
    ['0.5s', 500],
  ])('%s is %d ms', (text, durationMs) => {
    expect(parseDurationMs(text)).toBe(durationMs);
  });

  it.each([
    '',
    '30',
    '0.5',
    '0',
    '0ms',
    '0.1ms',
    '-1s',
    '1d',
    's',
    '1 s',
    '1e3',
    '1s1m',
    'Infinity',
    '9'.repeat(20),
  ])('%p is not a duration', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  it('any text gives whole milliseconds or undefined', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^\d{0,20}(\.\d{0,3})?(ms|s|m|h)?$/));
    fc.assert(
      fc.property(texts, (text) => {
        const durationMs = parseDurationMs(text) ?? 1;
        expect(Number.isSafeInteger(durationMs) && durationMs > 0).toBe(true);
      }),
    );
  });
});

describe('readPause', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['0ms', 0],
    ['300ms', 300],
  ])('%s is %d ms', (text, durationMs) => {
    expect(readPause(text)).toBe(durationMs);
  });

  it.each(['', '2', '-1s', '00', '0 s', '1d'])('rejects %p', (text) => {
    expect(() => readPause(text)).toThrow('Write it with its unit, as 500ms, 30s, 2m or 1h');
  });
});
