import { setImmediate } from 'node:timers/promises';
import { hasWildcard } from '../../name.js';
import { LISTED_COLUMNS, type ListedRow, listedOf } from '../listed-row.js';
import { OPERATION_OVERHEAD_BYTES } from '../listed-size.js';
import type { OperationRow } from '../operation-row.js';
import { type ListPage, type ListQuery, MAX_EXAMINED } from '../operation-store.js';
import { PageBuilder } from '../page-builder.js';
import { compileFilter } from '../sql-filter.js';
import { wantsUnfinished } from '../unfinished-filter.js';
import type { PostgresQueries } from './connection.js';

/** How many records are decoded and matched before other work of the process has its turn. */
const MATCHED_AT_ONCE = 500;

/** Bytes of records read by one query. */
const CHUNK_BYTES = 4 * 1024 * 1024;

const CONTENTS: readonly string[] = [
  'metadata_value',
  'response_value',
  'error',
] satisfies (keyof OperationRow)[];

/** Size of a record. PostgreSQL knows the length of large values without reading them. */
const SIZE = ['name', 'metadata_type', 'metadata_value', 'response_type', 'response_value', 'error']
  .map((column) => `coalesce(octet_length(${column}), 0)`)
  .concat(String(OPERATION_OVERHEAD_BYTES))
  .join(' + ');

/**
 * Reads one page, newest first, by keyset: it costs the same wherever it begins, and stays good whatever is
 * created or deleted.
 */
export async function listPage(queries: PostgresQueries, table: string, query: ListQuery): Promise<ListPage> {
  const scan = new Scan(queries, table, query);
  await scan.bound();
  const page = new PageBuilder(query);
  // One more than asked for tells that there is a next page. Most often these suffice.
  for (let size = query.limit + 1; ; size = MATCHED_AT_ONCE) {
    const rows = await scan.rows(page.examined ?? query.after, size);
    let isCut = false;
    for (const { size: bytes, isRead, row } of rows) {
      // Only a filter needs the contents of a record to know whether the record has a place in the page.
      if (!isRead && !query.matches && page.hasNoRoomFor(bytes)) return page.end(page.examined);
      if (!isRead) {
        isCut = true;
        break;
      }
      const full = page.add(listedOf(row), row[0]);
      if (full) return full;
      if (page.isPauseDue()) await setImmediate();
    }
    if (!isCut && rows.length < size) return page.end(scan.end);
    await setImmediate();
  }
}

/** A row with the size of its record, at most what `listedSize` says. */
interface MeasuredRow {
  readonly size: number;
  /** False if the row is here for its place alone: its contents are null. */
  readonly isRead: boolean;
  readonly row: ListedRow<string>;
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

  /** At most `limit` rows before a place. Those beyond the bytes of a chunk, except for the first, come without contents. */
  async rows(before: string | undefined, limit: number): Promise<readonly MeasuredRow[]> {
    const { now, maxBytes = Number.POSITIVE_INFINITY } = this.#query;
    const values: unknown[] = [];
    const conditions = [...this.#scope(values), ...this.#narrowing(values), ...beginning(before, values)];
    if (this.end !== undefined) conditions.push(`sequence >= $${values.push(this.end)}`);
    conditions.push(`delete_time IS NULL AND (expire_time IS NULL OR expire_time > $${values.push(now)})`);
    const chunkBytes = Math.min(Math.floor(maxBytes), CHUNK_BYTES);
    const within = `size_before = 0 OR size_before + size <= $${values.push(chunkBytes)}`;
    const selected = LISTED_COLUMNS.map((column) =>
      CONTENTS.includes(column) ? `CASE WHEN ${within} THEN ${column} END AS ${column}` : column,
    );
    const { rows } = await this.#queries.query(
      `SELECT size, ${within} AS is_read, ${selected.join(', ')}
       FROM (SELECT *, sum(size) OVER (ORDER BY sequence DESC ROWS UNBOUNDED PRECEDING) - size AS size_before
             FROM (SELECT ${LISTED_COLUMNS.join(', ')}, ${SIZE} AS size FROM ${this.#table} ${whereAll(conditions)}
                   ORDER BY sequence DESC LIMIT $${values.push(limit)}) AS examined) AS measured
       ORDER BY sequence DESC`,
      values,
    );
    return rows.map(({ size, is_read, ...row }) => ({
      size: Number(size),
      isRead: is_read as boolean,
      // pg gives the columns in the order in which they are asked for.
      row: Object.values(row) as unknown as ListedRow<string>,
    }));
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
