import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ageOf, OperationTable } from '../../../src/cli/output/table.js';
import { columnsOf } from '../../../src/cli/output/terminal.js';
import { cutEnd, cutStart, textWidth } from '../../../src/cli/output/terminal-text.js';
import { cancelled, cancelling, failed, succeeded } from './operations.js';

const NOW_MS = Date.parse('2026-01-02T03:09:10Z');
const now = () => NOW_MS;
const short = { ...cancelled, json: { ...cancelled.json, name: 'operations/b2' } };

const lines = (columns?: number) =>
  new OperationTable({ now, columns }).rows([cancelling, succeeded, failed, short]).split('\n');

describe('OperationTable', () => {
  it('one line for each operation, in columns, with relative ages', () => {
    expect(lines()).toEqual([
      'NAME                                  STATE      CREATED  ENDED   DETAIL',
      'projects/p/locations/l/operations/a1  running    5m ago   -       40 %, cancellation requested',
      'projects/p/locations/l/operations/a1  succeeded  5m ago   5m ago',
      'projects/p/locations/l/operations/a1  failed     -        -       FAILED_PRECONDITION: report is locked',
      'operations/b2                         cancelled  -        -',
    ]);
  });

  it('the next page: no header, the same columns, wider if necessary', () => {
    const table = new OperationTable({ now });
    table.rows([short]);
    expect(table.rows([short])).toBe('operations/b2  cancelled  -        -');
    expect(table.rows([succeeded, short]).split('\n')).toEqual([
      'projects/p/locations/l/operations/a1  succeeded  5m ago   5m ago',
      'operations/b2                         cancelled  -        -',
    ]);
  });

  it('fits a narrow terminal: shortens details at the end, then names at the start', () => {
    expect(lines(85).slice(0, 4)).toEqual([
      'NAME                                  STATE      CREATED  ENDED   DETAIL',
      'projects/p/locations/l/operations/a1  running    5m ago   -       40 %, cancellation…',
      'projects/p/locations/l/operations/a1  succeeded  5m ago   5m ago',
      'projects/p/locations/l/operations/a1  failed     -        -       FAILED_PRECONDITIO…',
    ]);
    expect(lines(70)).toEqual([
      'NAME                          STATE      CREATED  ENDED   DETAIL',
      '…p/locations/l/operations/a1  running    5m ago   -       40 %, cance…',
      '…p/locations/l/operations/a1  succeeded  5m ago   5m ago',
      '…p/locations/l/operations/a1  failed     -        -       FAILED_PREC…',
      'operations/b2                 cancelled  -        -',
    ]);
    expect(lines(40)[1]).toBe('…ations/a1  running    5m ago   -');
  });

  it('never exceeds the terminal, for any names, details and columns, on any page', () => {
    const operation = fc.record({
      name: fc.string({ unit: 'grapheme' }),
      text: fc.string({ unit: 'grapheme' }),
    });
    fc.assert(
      fc.property(fc.array(fc.array(operation)), fc.integer({ min: 1, max: 200 }), (pages, columns) => {
        const table = new OperationTable({ now, columns });
        for (const page of pages) {
          const views = page.map(({ name, text }) => ({
            state: 'failed' as const,
            json: { name, done: true, error: { code: 9, message: text } },
          }));
          for (const line of table.rows(views).split('\n')) {
            expect(textWidth(line)).toBeLessThanOrEqual(columns);
          }
        }
      }),
    );
  });
});

describe('textWidth', () => {
  it.each([
    ['abc', 3],
    ['état', 4],
    ['e\u0301', 1],
    ['報告', 4],
    ['한국', 4],
    ['👩‍🚀', 2],
    ['…', 1],
    ['', 0],
  ])('%s takes %d columns', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });

  it('cuts only between characters', () => {
    expect(cutEnd('報告書', 4)).toBe('報…');
    expect(cutStart('報告書', 4)).toBe('…書');
    expect(cutEnd('abc', 3)).toBe('abc');
    expect(cutEnd('abc', 0)).toBe('');
  });
});

describe('ageOf', () => {
  it.each([
    ['2026-01-02T03:09:10.000Z', '0s ago'],
    ['2026-01-02T03:08:11.500Z', '58s ago'],
    ['2026-01-02T03:08:10Z', '1m ago'],
    ['2026-01-02T02:09:11Z', '59m ago'],
    ['2026-01-01T03:09:11Z', '23h ago'],
    ['2025-12-31T03:09:10Z', '2d ago'],
    ['2020-01-01T00:00:00Z', '6y ago'],
    ['2026-01-02T03:11:10Z', 'in 2m'],
    ['1970-01-01T00:00:00.123456789Z', '56y ago'],
    ['soon', '-'],
    [undefined, '-'],
    [5, '-'],
  ])('%s: %s', (time, age) => {
    expect(ageOf(time, NOW_MS)).toBe(age);
  });
});

describe('columnsOf', () => {
  const output = (columns?: number, isTTY?: boolean) =>
    ({ ...(columns !== undefined && { columns }), ...(isTTY && { isTTY }) }) as never;

  it.each([
    ['a terminal', output(100, true), {}, 100],
    ['a terminal that says it has none', output(0, true), {}, 80],
    ['no terminal', output(), {}, undefined],
    ['no terminal, and COLUMNS', output(), { COLUMNS: '60' }, 60],
    ['no terminal, and COLUMNS that is not a number', output(), { COLUMNS: 'wide' }, undefined],
  ])('%s', (_, stdout, env, columns) => {
    expect(columnsOf(stdout, env)).toBe(columns);
  });
});
