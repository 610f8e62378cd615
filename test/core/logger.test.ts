import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type SuppliedLogger, safeLogger } from '../../src/core/logger.js';
import { HOSTILE } from '../helpers/any-value.js';
import { processFaults } from '../helpers/process-faults.js';

describe('safeLogger', () => {
  const lines: unknown[][] = [];
  beforeEach(() => {
    lines.length = 0;
    jest.spyOn(console, 'error').mockImplementation((...line) => void lines.push(line));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('forwards entries as method calls on the logger', () => {
    const entries: unknown[] = [];
    class Own {
      readonly entries = entries;
      error(facts: object, message: string) {
        this.entries.push(['error', facts, message]);
      }
      info(facts: object, message: string) {
        this.entries.push(['info', facts, message]);
      }
    }
    const logger = safeLogger(new Own(), 'kit');
    logger.error({ a: 1 }, 'bad');
    logger.info({ b: 2 }, 'good');
    expect(logger).not.toHaveProperty('debug');
    expect({ entries, lines }).toEqual({
      entries: [
        ['error', { a: 1 }, 'bad'],
        ['info', { b: 2 }, 'good'],
      ],
      lines: [],
    });
  });

  it.each([
    ['no logger', undefined],
    ['null', null],
    ['no method', {}],
    ['a method that is not a function', { error: 5 }],
    ['a proxy that throws', HOSTILE[8]?.()],
    ['a revoked proxy', HOSTILE[9]?.()],
  ])('writes errors to standard error, given %s', (_, supplied) => {
    const logger = safeLogger(supplied as SuppliedLogger, 'kit');
    logger.error({ a: 1 }, 'bad');
    logger.info({}, 'good');
    logger.debug?.({}, 'all');
    expect(lines).toEqual([['kit: bad', { a: 1 }]]);
  });

  it('writes errors that the logger fails to log to standard error, with the reason', async () => {
    using faults = processFaults();
    const failure = new Error('disk full');
    const throwing = safeLogger(
      {
        error() {
          throw failure;
        },
      },
      'kit',
    );
    throwing.error({ a: 1 }, 'bad');
    safeLogger({ error: async () => Promise.reject(failure) }, 'kit').error({ a: 2 }, 'worse');
    expect(await faults.take()).toEqual([]);
    expect(lines).toEqual([
      ['kit: bad', { a: 1 }],
      ['kit: the logger failed', { err: failure }],
      ['kit: worse', { a: 2 }],
      ['kit: the logger failed', { err: failure }],
    ]);
  });

  it('writes only the message if printing the facts throws', () => {
    jest.mocked(console.error).mockImplementation((...line: unknown[]) => {
      if (line.length > 1) throw new Error('getter');
      lines.push(line);
    });
    safeLogger(undefined, 'kit').error({ err: {} }, 'bad');
    expect(lines).toEqual([['kit: bad']]);
  });
});
