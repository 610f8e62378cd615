import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import type { Filter } from '../../filter/ast.js';
import { hasWildcard } from '../../name.js';
import { type OperationRow, recordOf } from '../operation-row.js';
import { type ListPage, type ListQuery, MAX_EXAMINED, type OperationRecord } from '../operation-store.js';
import { compileFilter } from '../sql-filter.js';
import { wantsUnfinished } from '../unfinished-filter.js';

/** How many records are decoded and matched before other work of the process has its turn. */
const MATCHED_AT_ONCE = 500;

/** A condition of SQL with what its question marks stand for. */
interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

type ListedRow = OperationRow & { readonly sequence: number };

/** Reads one page, newest first. It costs the same wherever it begins, and examines so many at most. */
export async function listPage(database: DatabaseSync, query: ListQuery): Promise<ListPage> {
  const { limit, now, after, matches = () => true } = query;
  const { index, scope, narrowing } = plan(query);
  let before = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after);
  const selective = narrowing.length > 0 || query.matches !== undefined;
  const end = selective ? endOfPage(database, index, [...scope, beginning(before)]) : undefined;
  const wanted = [
    ...scope,
    ...narrowing,
    ...(end === undefined ? [] : [condition('sequence >= ?', end)]),
    condition('delete_time IS NULL AND (expire_time IS NULL OR expire_time > ?)', now),
  ];
  // Most often these suffice.
  let size = limit + 1;
  const records: OperationRecord[] = [];
  let last: number | undefined;
  for (;;) {
    const rows = select(database, index, [...wanted, beginning(before)], size);
    for (const row of rows) {
      before = row.sequence;
      const record = recordOf(row);
      if (!matches(record)) continue;
      // One more than asked for tells that there is a next page.
      if (records.length === limit) return { records, next: String(last) };
      records.push(record);
      last = row.sequence;
    }
    if (rows.length < size) return end === undefined ? { records } : { records, next: String(end) };
    size = MATCHED_AT_ONCE;
    await setImmediate();
  }
}

function select(
  database: DatabaseSync,
  index: string,
  conditions: readonly Condition[],
  limit: number,
): ListedRow[] {
  const { sql, values } = all(conditions);
  const statement = `SELECT * FROM operations ${index} WHERE ${sql} ORDER BY sequence DESC LIMIT ?`;
  return database.prepare(statement).all(...values, limit) as unknown as ListedRow[];
}

/** Where the page ends at the latest; undefined when there is less to examine than that. */
function endOfPage(
  database: DatabaseSync,
  index: string,
  conditions: readonly Condition[],
): number | undefined {
  const { sql, values } = all(conditions);
  const statement = `
    SELECT sequence FROM operations ${index} WHERE ${sql} ORDER BY sequence DESC LIMIT 1 OFFSET ?`;
  const row = database.prepare(statement).get(...values, MAX_EXAMINED - 1);
  return row && Number(row.sequence);
}

/**
 * What an index finds by itself, and what must be looked at one by one. The index is named, for SQLite's
 * planner knows nothing of how the operations are spread.
 */
function plan({ parent, where }: ListQuery): {
  readonly index: string;
  readonly scope: readonly Condition[];
  readonly narrowing: readonly Condition[];
} {
  const wildcard = hasWildcard(parent);
  const under = wildcard ? condition('matches_parent(?, parent)', parent) : condition('parent = ?', parent);
  const filtered = where ? [filterCondition(where)] : [];
  // Most operations have ended, so those that have not are found by themselves.
  if (where && wantsUnfinished(where)) {
    const unfinished = condition('end_time IS NULL');
    const index = 'INDEXED BY operations_unfinished';
    return { index, scope: [unfinished], narrowing: [under, ...filtered] };
  }
  return wildcard
    ? { index: 'NOT INDEXED', scope: [], narrowing: [under, ...filtered] }
    : { index: 'INDEXED BY operations_by_parent', scope: [under], narrowing: filtered };
}

function filterCondition(where: Filter): Condition {
  const { sql, parameters } = compileFilter(where, { name: 'sqlite' });
  return condition(sql, ...parameters);
}

function beginning(before: number): Condition {
  return condition('sequence < ?', before);
}

function condition(sql: string, ...values: SQLInputValue[]): Condition {
  return { sql, values };
}

function all(conditions: readonly Condition[]): Condition {
  return {
    sql: conditions.map(({ sql }) => `(${sql})`).join(' AND '),
    values: conditions.flatMap(({ values }) => values),
  };
}
