import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import { Code, StatusError } from '../../src/core/status.js';
import { checkFilter, type FilterTypes } from '../../src/filter/check.js';
import { type Expression, parseFilter } from '../../src/filter/parse.js';
import { fuzzRuns } from '../fuzz/fuzz-runs.js';
import { print, type Written, writtenFilter } from './written-filter.js';

const TYPES: FilterTypes = { metadata: [ReportMetadata], response: [] };

function withoutPlaces(expression: Expression): Written {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return { kind: expression.kind, operands: expression.operands.map(withoutPlaces) };
    case 'not':
      return { kind: 'not', operand: withoutPlaces(expression.operand) };
    case 'restriction': {
      const { kind, path, comparator, value } = expression;
      const { text, wildcards } = value;
      return { kind, path: path.map(({ name }) => name), comparator, value: { text, wildcards } };
    }
  }
}

/** Returns any exception other than INVALID_ARGUMENT for the filter. */
function surprise(filter: string): unknown {
  try {
    checkFilter(filter, TYPES);
    return undefined;
  } catch (error) {
    const expected = error instanceof StatusError && error.code === Code.INVALID_ARGUMENT;
    return expected && /^filter is wrong at column \d+, /.test(error.message) ? undefined : error;
  }
}

describe('parsing a filter', () => {
  it('returns the expression that was written (contract 29)', () => {
    fc.assert(
      fc.property(writtenFilter, (filter) => {
        const parsed = parseFilter(print(filter));
        expect(parsed && withoutPlaces(parsed)).toEqual(filter);
      }),
      fuzzRuns(2000),
    );
  });

  it('throws only INVALID_ARGUMENT with a column, for any input (contract 29)', () => {
    const piece = fc.constantFrom(
      ...['AND', 'OR', 'NOT', '-', '(', ')', '"', "'", '\\', '*', '.', ',', ':', '=', '!=', '!', '<', '>='],
      ...[
        'name',
        'done',
        'true',
        'error.code',
        'CANCELLED',
        'create_time',
        '2020-01-01T00:00:00Z',
        '1.5',
        ' ',
      ],
      ...['metadata', 'metadata.progress_percent', '@type', 'response', '__proto__', 'constructor', '\ud800'],
    );
    const pieces = fc.array(piece, { maxLength: 25 }).map((all) => all.join(''));
    const spaced = fc.array(piece, { maxLength: 25 }).map((all) => all.join(' '));
    const text = fc.string({ unit: 'binary', maxLength: 200 });
    const written = writtenFilter.map(print);
    fc.assert(
      fc.property(fc.oneof(pieces, spaced, text, written), (filter) => {
        expect(surprise(filter)).toBeUndefined();
      }),
      fuzzRuns(5000),
    );
  });

  it.each([
    ['a megabyte', 'x'.repeat(2 ** 20)],
    ['100,000 opening parentheses', '('.repeat(100_000)],
    ['as many as fit', '('.repeat(8000)],
    ['as many NOT as fit', 'NOT '.repeat(2000)],
    ['as many minus signs as fit', '-'.repeat(8000)],
    ['as many dots as fit', 'a.'.repeat(4000)],
    ['as many names in metadata as fit', `metadata${'.a'.repeat(4000)}=1`],
    ['as many OR as fit', `done=true${' OR done=true'.repeat(600)}`],
    ['as many values as fit', `error.code=(${'1 '.repeat(4000)})`],
    ['a string that does not end', `name="${'\\"'.repeat(4000)}`],
    ['a number of 8,000 digits', `error.code=${'9'.repeat(8000)}`],
    ['a misspelt field of 8,000 letters', `metadata.${'p'.repeat(8000)}=1`],
  ])('rejects %s', (_, filter) => {
    expect(() => checkFilter(filter, TYPES)).toThrow(/^filter is wrong at column \d+, /);
    expect(surprise(filter)).toBeUndefined();
  });
});
