import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ExportReportResponse, ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import type { Filter } from '../../src/filter/ast.js';
import { checkFilter, type FilterTypes } from '../../src/filter/check.js';
import { evaluate, type FilteredOperation } from '../../src/filter/evaluate.js';
import { FILTER_LIMITS } from '../../src/filter/parse.js';
import { compileFilter } from '../../src/stores/sql/sql-filter.js';
import { modelledFilter, operation } from './model.js';

const TYPES: FilterTypes = { metadata: [ReportMetadata], response: [ExportReportResponse] };

function read(filter: string): Filter {
  const checked = checkFilter(filter, TYPES);
  if (!checked) throw new Error('the filter is empty');
  return checked;
}

describe('evaluating a filter', () => {
  it('agrees with a model (contract 29)', () => {
    fc.assert(
      fc.property(
        modelledFilter,
        fc.array(operation, { maxLength: 20 }),
        ({ filter, matches }, operations) => {
          const where = read(filter);
          for (const each of operations) expect(evaluate(where, each)).toBe(matches(each));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a filter in SQL', () => {
  let db: DatabaseSync;
  beforeAll(() => {
    db = new DatabaseSync(':memory:');
    db.exec(
      `CREATE TABLE operations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, create_time INTEGER NOT NULL,
      end_time INTEGER, error_code INTEGER, metadata_type TEXT, response_type TEXT)`,
    );
  });
  afterAll(() => db.close());

  function insert(operations: readonly FilteredOperation[]): void {
    db.exec('DELETE FROM operations');
    const statement = db.prepare('INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?, ?)');
    for (const [id, { name, createTime, endTime, metadata, result }] of operations.entries()) {
      statement.run(
        ...[id, name, createTime, endTime ?? null],
        result?.$case === 'error' ? result.value.code : null,
        metadata?.typeUrl ?? null,
        result?.$case === 'response' ? result.value.typeUrl : null,
      );
    }
  }

  function select(where: Filter): number[] {
    const { sql, parameters } = compileFilter(where, { name: 'sqlite' });
    const nulls = db.prepare(`SELECT id FROM operations WHERE (${sql}) IS NULL`).all(...parameters);
    expect(nulls).toEqual([]);
    const rows = db.prepare(`SELECT id FROM operations WHERE ${sql} ORDER BY id`).all(...parameters);
    return rows.map(({ id }) => Number(id));
  }

  it('selects every match, and exactly the matches if SQL can express the whole filter', () => {
    fc.assert(
      fc.property(modelledFilter, fc.array(operation, { maxLength: 20 }), (modelled, operations) => {
        insert(operations);
        const where = read(modelled.filter);
        const matching = [...operations.keys()].filter((id) =>
          evaluate(where, operations[id] as FilteredOperation),
        );
        const selected = select(where);
        expect(selected).toEqual(expect.arrayContaining(matching));
        if (modelled.pushable) expect(selected).toEqual(matching);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['comparisons', `done=true${' OR done=true'.repeat(FILTER_LIMITS.restrictions - 1)}`],
    [
      'depth',
      `${'done=true OR done=true -('.repeat(FILTER_LIMITS.depth)}done=true${')'.repeat(FILTER_LIMITS.depth)}`,
    ],
    ['length', `name="*${'[é'.repeat(FILTER_LIMITS.length / 2 - 5)}*"`],
  ])('accepts a filter at the upper bound of %s', (_, filter) => {
    insert([{ name: 'a', createTime: 0, metadata: undefined }]);
    const where = read(filter);
    expect(select(where)).toEqual([]);
  });

  it.each([
    [
      'name = "p%_\\\\/*" AND NOT (done = true OR metadata.progress_percent > 5)',
      "((name LIKE $3 ESCAPE '\\') AND (NOT (end_time IS NOT NULL)))",
      ['p\\%\\_\\\\/%'],
    ],
    [
      'error.code != 5 OR create_time < 1970-01-01T00:00:00.0015Z',
      '((error_code IS NOT NULL AND error_code != $3) OR (create_time <= $4))',
      [5, 1],
    ],
    ['metadata.progress_percent = 1 OR error.code = 5', 'TRUE', []],
    [
      '(metadata.progress_percent = 1 OR error.code = 5) AND metadata.@type = "*x"',
      "((metadata_type IS NOT NULL AND metadata_type LIKE $3 ESCAPE '\\'))",
      ['%x'],
    ],
  ])('has numbered parameters in PostgreSQL: %s', (filter, sql, parameters) => {
    const dialect = { name: 'postgres', firstParameter: 3 } as const;
    expect(compileFilter(read(filter), dialect)).toEqual({ sql, parameters });
  });
});
