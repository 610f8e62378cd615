import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { hasWildcard } from '../../core/name.js';
import { RecentlyUsed } from '../../core/recently-used.js';
import { type ListQuery, MAX_EXAMINED } from '../contract/operation-store.js';
import type { OperationRow } from '../sql/operation-row.js';
import { LISTED_COLUMNS, type ListedRow, type PageScan, UNFINISHED_COLUMNS } from '../sql/read-page.js';
import { compileFilter, wantsUnfinished } from '../sql/sql-filter.js';

const BYTES: readonly string[] = [
  'metadata_value',
  'response_value',
  'error',
] satisfies (keyof OperationRow)[];

/**
 * Upper bound on the length of values read as hexadecimal text. `node:sqlite` allocates an ArrayBuffer per BLOB. Text
 * saves 20 to 30 of 85 µs per page; above about 300 bytes it is slower (see bench/notes.md,
 * "Filtered pages").
 */
const SHORT_BYTES = 128;

/** Number of rows examined before the last row to examine is located. */
const NEAR = 500;

/** SQL condition with the values of its parameters. */
interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** Index, columns and conditions of a scan. */
interface Plan {
  /** Index clause. The index is explicit because SQLite's planner does not know the distribution of operations. */
  readonly index: string;
  readonly columns: readonly string[];
  /** Conditions that the index evaluates. */
  readonly scope: readonly Condition[];
  /** Conditions that are evaluated row by row. */
  readonly narrowing: readonly Condition[];
}

/** Rows that may belong to one page, newest first. */
export class Scan implements PageScan {
  readonly #statements: Statements;
  readonly #plan: Plan;
  /** Conditions besides the scope. */
  readonly #wanted: readonly Condition[];
  readonly isSelective: boolean;
  readonly lazy = { hasMore: () => this.#hasMore() };
  readonly #beginning: number;
  /** Sequence of the row consumed last; undefined before the first. */
  #before: number | undefined;
  /** Sequence of the last row to examine; undefined if there are fewer rows, or before it is known. */
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
   * Each row is read as it is consumed. Consume all rows within one turn of the event loop; after stopping early, the
   * next call continues after the last row.
   */
  *next(limit: number): Generator<ListedRow, void> {
    const isFirst = this.#before === undefined;
    this.#before ??= this.#beginning;
    const rows = isFirst && this.isSelective ? this.#first(limit) : this.#newest(limit, this.#end);
    for (const row of rows) {
      this.#before = Number(row[0]);
      yield row;
    }
  }

  /** Returns true if an unread row exists, in a scan that is not selective. Reads no contents. */
  #hasMore(): boolean {
    const { index, scope } = this.#plan;
    const { sql, values } = all([...scope, ...this.#wanted, below(this.#before ?? this.#beginning)]);
    const statement = `SELECT sequence FROM operations ${index} WHERE ${sql} ORDER BY sequence DESC LIMIT 1`;
    for (const _ of this.#statements.rows(statement, values)) return true;
    return false;
  }

  /**
   * Sequence of the last row to examine; undefined if there are fewer rows. Evaluated in the turn of the first read,
   * so that both see the same operations.
   */
  end(): string | undefined {
    const end = this.#lastExamined();
    return end === undefined ? undefined : String(end);
  }

  #lastExamined(): number | undefined {
    if (this.isSelective && !this.#endIsKnown) this.#end = this.#sequenceAt(MAX_EXAMINED);
    this.#endIsKnown = true;
    return this.#end;
  }

  /**
   * Reads the first rows. Usually the nearest ones fill the page; then the last row to examine, which takes long to
   * find, is not needed.
   */
  *#first(limit: number): Generator<ListedRow, void> {
    const near = this.#sequenceAt(NEAR);
    if (near === undefined) this.#endIsKnown = true;
    let count = 0;
    for (const row of this.#newest(limit, near)) {
      count++;
      yield row;
    }
    if (near === undefined || count === limit) return;
    this.#before = near;
    yield* this.#newest(limit - count, this.#lastExamined());
  }

  /** Reads the unread rows down to `end`. */
  #newest(limit: number, end: number | undefined): Generator<ListedRow, void> {
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

  /** Sequence of the row at a place, counted from 1; undefined if there are fewer rows. */
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
  ): Generator<ListedRow, void> {
    for (const row of this.#statements.rows(sql, values)) {
      for (const [index, column] of columns.entries()) {
        const value = row[index];
        if (typeof value === 'string' && BYTES.includes(column)) row[index] = Buffer.from(value, 'hex');
      }
      yield row as unknown as ListedRow;
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
  // Most operations have ended, so unfinished ones have their own index.
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

/**
 * Number of prepared statements kept. Preparing takes longer than reading a page. Filters create many statements, of
 * which few are used often.
 */
const KEPT_STATEMENTS = 100;

/** Cache of prepared statements whose text is built on demand. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new RecentlyUsed<string, StatementSync>(KEPT_STATEMENTS);

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * Rows that a statement returns, each as an array of column values: objects take twice as long to read. Each row is
   * read as it is consumed. Consume the rows within one turn of the event loop, or stop: the statement stays open
   * until then.
   */
  *rows(sql: string, values: readonly SQLInputValue[]): Generator<SQLOutputValue[], void> {
    const statement = this.#prepared.get(sql, () => prepare(this.#database, sql));
    for (const row of statement.iterate(...values)) yield Array.isArray(row) ? row : Object.values(row);
  }
}

function prepare(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  // Node 22 has it since 22.16.
  if ('setReturnArrays' in statement) statement.setReturnArrays(true);
  return statement;
}
