import type { SQLInputValue } from 'node:sqlite';
import { hasWildcard } from '../../core/name.js';
import { type ListQuery, MAX_EXAMINED } from '../contract/operation-store.js';
import { LISTED_COLUMNS, type ListedRow, UNFINISHED_COLUMNS } from '../sql/listed-row.js';
import type { OperationRow } from '../sql/operation-row.js';
import { compileFilter } from '../sql/sql-filter.js';
import { wantsUnfinished } from '../sql/unfinished-filter.js';
import type { Statements } from './statements.js';

const BYTES: readonly string[] = [
  'metadata_value',
  'response_value',
  'error',
] satisfies (keyof OperationRow)[];

/**
 * Up to here bytes are read as hexadecimal text: node:sqlite makes each BLOB an ArrayBuffer of its own, and making and
 * collecting those took a third of a page. The text takes longer from some 300 bytes on.
 */
const SHORT_BYTES = 128;

/** How many rows are examined before it is found out where the last is that may be. */
const NEAR = 500;

/** A condition of SQL with what its question marks stand for. */
interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** Where the rows of a page are looked for. */
interface Plan {
  /** The index is named, for SQLite's planner knows nothing of how the operations are spread. */
  readonly index: string;
  readonly columns: readonly string[];
  /** What the index finds by itself. */
  readonly scope: readonly Condition[];
  /** What must be looked at one by one. */
  readonly narrowing: readonly Condition[];
}

/** The rows that may belong to one page, newest first. */
export class Scan {
  readonly #statements: Statements;
  readonly #plan: Plan;
  /** What rows must satisfy besides the scope. */
  readonly #wanted: readonly Condition[];
  /** True if more rows may have to be examined than are returned. */
  readonly isSelective: boolean;
  readonly #beginning: number;
  /** All rows that were read lie above; undefined while none were asked for. */
  #before: number | undefined;
  /** Where the page ends at the latest; undefined when there is less to examine, or while that is not known. */
  #end: number | undefined;
  #endIsKnown = false;

  constructor(statements: Statements, query: ListQuery) {
    this.#statements = statements;
    this.#plan = planOf(query);
    const { narrowing } = this.#plan;
    const { now, after, matches } = query;
    const kept = condition('delete_time IS NULL AND (expire_time IS NULL OR expire_time > ?)', now);
    this.#wanted = [...narrowing, kept];
    this.isSelective = narrowing.length > 0 || matches !== undefined;
    this.#beginning = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after);
  }

  /**
   * At most `limit` of the rows not read yet; fewer if there are no more to examine. Each is read when it is asked for, and
   * all within one turn of the event loop. Whoever stops early goes on with the row after the last one.
   */
  *next(limit: number): Generator<ListedRow<number>, void> {
    const isFirst = this.#before === undefined;
    this.#before ??= this.#beginning;
    const rows = isFirst && this.isSelective ? this.#first(limit) : this.#newest(limit, this.#end);
    for (const row of rows) {
      this.#before = row[0];
      yield row;
    }
  }

  /** True if there is a row that was not read yet, in a scan that is not selective. Reads no contents. */
  hasMore(): boolean {
    const { index, scope } = this.#plan;
    const { sql, values } = all([...scope, ...this.#wanted, below(this.#before ?? this.#beginning)]);
    const statement = `SELECT sequence FROM operations ${index} WHERE ${sql} ORDER BY sequence DESC LIMIT 1`;
    for (const _ of this.#statements.rows(statement, values)) return true;
    return false;
  }

  /**
   * Where the page ends at the latest; undefined when there is less to examine than that. To be asked in the turn in
   * which the first rows are read, so that both see the same operations.
   */
  end(): number | undefined {
    if (this.isSelective && !this.#endIsKnown) this.#end = this.#sequenceAt(MAX_EXAMINED);
    this.#endIsKnown = true;
    return this.#end;
  }

  /** Most often the page is full of what lies near; then nobody needs to know where it ends, which takes a while to find. */
  *#first(limit: number): Generator<ListedRow<number>, void> {
    const near = this.#sequenceAt(NEAR);
    if (near === undefined) this.#endIsKnown = true;
    let count = 0;
    for (const row of this.#newest(limit, near)) {
      count++;
      yield row;
    }
    if (near === undefined || count === limit) return;
    this.#before = near;
    yield* this.#newest(limit - count, this.end());
  }

  /** What was not read yet, down to `end`. */
  #newest(limit: number, end: number | undefined): Generator<ListedRow<number>, void> {
    const { columns, index, scope } = this.#plan;
    const bound = end === undefined ? [] : [condition('sequence >= ?', end)];
    const { sql, values } = all([
      ...scope,
      ...this.#wanted,
      ...bound,
      below(this.#before ?? this.#beginning),
    ]);
    const statement = `
      SELECT ${selectedOf(columns)} FROM operations ${index} WHERE ${sql} ORDER BY sequence DESC LIMIT ?`;
    return this.#rows(columns, statement, [...values, limit]);
  }

  /** Where the row lies that is examined as that one, counted from 1; undefined when there are fewer. */
  #sequenceAt(place: number): number | undefined {
    const { index, scope } = this.#plan;
    const { sql, values } = all([...scope, below(this.#beginning)]);
    const statement = `
      SELECT sequence FROM operations ${index} WHERE ${sql} ORDER BY sequence DESC LIMIT 1 OFFSET ?`;
    for (const row of this.#statements.rows(statement, [...values, place - 1])) return Number(row[0]);
    return undefined;
  }

  *#rows(
    columns: readonly string[],
    sql: string,
    values: readonly SQLInputValue[],
  ): Generator<ListedRow<number>, void> {
    for (const row of this.#statements.rows(sql, values)) {
      for (const [index, column] of columns.entries()) {
        const value = row[index];
        if (typeof value === 'string' && BYTES.includes(column)) row[index] = Buffer.from(value, 'hex');
      }
      yield row as unknown as ListedRow<number>;
    }
  }
}

function selectedOf(columns: readonly string[]): string {
  const short = (column: string) =>
    `CASE WHEN length(${column}) <= ${SHORT_BYTES} THEN hex(${column}) ELSE ${column} END`;
  return columns.map((column) => (BYTES.includes(column) ? short(column) : column)).join(', ');
}

function planOf({ parent, where }: ListQuery): Plan {
  const wildcard = hasWildcard(parent);
  const under = wildcard ? condition('matches_parent(?, parent)', parent) : condition('parent = ?', parent);
  const filtered = where ? [whereOf(where)] : [];
  // Most operations have ended, so those that have not are found by themselves.
  if (where && wantsUnfinished(where)) {
    return {
      index: 'INDEXED BY operations_unfinished',
      columns: UNFINISHED_COLUMNS,
      scope: [condition('end_time IS NULL')],
      narrowing: [under, ...filtered],
    };
  }
  return wildcard
    ? { index: 'NOT INDEXED', columns: LISTED_COLUMNS, scope: [], narrowing: [under, ...filtered] }
    : {
        index: 'INDEXED BY operations_by_parent',
        columns: LISTED_COLUMNS,
        scope: [under],
        narrowing: filtered,
      };
}

function whereOf(filter: NonNullable<ListQuery['where']>): Condition {
  const { sql, parameters } = compileFilter(filter, { name: 'sqlite' });
  return condition(sql, ...parameters);
}

function below(before: number): Condition {
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
