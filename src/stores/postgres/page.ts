import { setImmediate } from 'node:timers/promises';
import { hasWildcard } from '../../name.js';
import { LISTED_COLUMNS, type ListedRow, listedOf } from '../listed-row.js';
import { type ListedOperation, type ListPage, type ListQuery, MAX_EXAMINED } from '../operation-store.js';
import { compileFilter } from '../sql-filter.js';
import { wantsUnfinished } from '../unfinished-filter.js';
import type { PostgresQueries } from './connection.js';

/** How many records are decoded and matched before other work of the process has its turn. */
const MATCHED_AT_ONCE = 500;

/**
 * Reads one page, newest first, by keyset: it costs the same wherever it begins, and stays good whatever is
 * created or deleted.
 */
export async function listPage(queries: PostgresQueries, table: string, query: ListQuery): Promise<ListPage> {
  const { limit, after, matches = () => true } = query;
  const scan = new Scan(queries, table, query);
  await scan.bound();
  const records: ListedOperation[] = [];
  let before = after;
  let last: string | undefined;
  // Most often these suffice.
  for (let size = limit + 1; ; size = MATCHED_AT_ONCE) {
    const rows = await scan.rows(before, size);
    for (const row of rows) {
      before = row[0];
      const record = listedOf(row);
      if (!matches(record)) continue;
      // One more than asked for tells that there is a next page.
      if (records.length === limit && last !== undefined) return { records, next: last };
      records.push(record);
      last = row[0];
    }
    if (rows.length < size) return scan.end === undefined ? { records } : { records, next: scan.end };
    await setImmediate();
  }
}

/** The rows that may belong to one page. */
class Scan {
  /** Where the page ends at the latest; undefined when there is less to examine than that. */
  end: string | undefined;
  readonly #queries: PostgresQueries;
  readonly #table: string;
  readonly #query: ListQuery;

  constructor(queries: PostgresQueries, table: string, query: ListQuery) {
    this.#queries = queries;
    this.#table = table;
    this.#query = query;
  }

  /** Finds where the page ends at the latest, if it may have to look at more than it returns. */
  async bound(): Promise<void> {
    const { parent, where, matches, after } = this.#query;
    if (!hasWildcard(parent) && where === undefined && matches === undefined) return;
    const values: unknown[] = [];
    const conditions = [...this.#scope(values), ...beginning(after, values)];
    const { rows } = await this.#queries.query(
      `SELECT sequence FROM ${this.#table} ${whereAll(conditions)}
       ORDER BY sequence DESC LIMIT 1 OFFSET ${MAX_EXAMINED - 1}`,
      values,
    );
    this.end = rows[0]?.sequence;
  }

  async rows(before: string | undefined, limit: number): Promise<readonly ListedRow<string>[]> {
    const { now } = this.#query;
    const values: unknown[] = [];
    const conditions = [...this.#scope(values), ...this.#narrowing(values), ...beginning(before, values)];
    if (this.end !== undefined) conditions.push(`sequence >= $${values.push(this.end)}`);
    conditions.push(`delete_time IS NULL AND (expire_time IS NULL OR expire_time > $${values.push(now)})`);
    const { rows } = await this.#queries.query(
      `SELECT ${LISTED_COLUMNS.join(', ')} FROM ${this.#table} ${whereAll(conditions)}
       ORDER BY sequence DESC LIMIT $${values.push(limit)}`,
      values,
    );
    // pg gives the columns in the order in which they are asked for.
    return rows.map((row) => Object.values(row) as unknown as ListedRow<string>);
  }

  /** What an index finds by itself. */
  #scope(values: unknown[]): string[] {
    const { parent, where } = this.#query;
    const unfinished = where && wantsUnfinished(where) ? ['end_time IS NULL'] : [];
    return hasWildcard(parent) ? unfinished : [`parent = $${values.push(parent)}`, ...unfinished];
  }

  /** What must be looked at one by one. */
  #narrowing(values: unknown[]): string[] {
    const { parent, where } = this.#query;
    const conditions: string[] = [];
    if (hasWildcard(parent)) conditions.push(`parent ~ $${values.push(parentPattern(parent))}`);
    if (where) {
      const { sql, parameters } = compileFilter(where, {
        name: 'postgres',
        firstParameter: values.length + 1,
      });
      values.push(...parameters);
      conditions.push(sql);
    }
    return conditions;
  }
}

function beginning(before: string | undefined, values: unknown[]): string[] {
  return before === undefined ? [] : [`sequence < $${values.push(before)}`];
}

function whereAll(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.map((each) => `(${each})`).join(' AND ')}`;
}

/** A parent with `-` for any one segment, as a regular expression. */
function parentPattern(parent: string): string {
  const segments = parent
    .split('/')
    .map((segment) => (segment === '-' ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return `^${segments.join('/')}$`;
}
