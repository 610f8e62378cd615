import { setImmediate } from 'node:timers/promises';
import { hasWildcard } from '../../core/name.js';
import { type ListPage, type ListQuery, MAX_EXAMINED } from '../contract/operation-store.js';
import { LISTED_COLUMNS, type ListedRow, listedOf } from '../sql/listed-row.js';
import { OPERATION_OVERHEAD_BYTES } from '../sql/listed-size.js';
import type { OperationRow } from '../sql/operation-row.js';
import { PageBuilder } from '../sql/page-builder.js';
import { compileFilter } from '../sql/sql-filter.js';
import { wantsUnfinished } from '../sql/unfinished-filter.js';
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
  /** Where the page begins at the earliest: what is created meanwhile belongs to none. */
  #first: string | undefined;
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
    if (!this.#selective) return;
    const values: unknown[] = [];
    const scope = this.#scope(values, this.#query.after);
    const { rows } = await this.#queries.query(
      `SELECT max(sequence) AS first, min(sequence) AS last, count(*)::integer AS count FROM (
         SELECT sequence FROM ${this.#table} ${whereAll(scope)} ORDER BY ${this.#order()} LIMIT ${MAX_EXAMINED}
       ) AS examined`,
      values,
    );
    const { first, last, count } = rows[0];
    this.#first = first ?? undefined;
    if (count === MAX_EXAMINED) this.end = last;
  }

  /** At most `limit` rows before a place. Those beyond the bytes of a chunk, except for the first, come without contents. */
  async rows(before: string | undefined, limit: number): Promise<readonly MeasuredRow[]> {
    const { now, maxBytes = Number.POSITIVE_INFINITY } = this.#query;
    const values: unknown[] = [];
    const scope = this.#scope(values, before);
    const kept = `delete_time IS NULL AND (expire_time IS NULL OR expire_time > $${values.push(Math.floor(now))})`;
    // The limit on what is examined keeps the planner from choosing by a guess at what the filter matches. It leaves nothing
    // out: there are no more rows from `#first` to `end`, but those whose transactions have just ended.
    const from = this.#selective
      ? `(SELECT * FROM ${this.#table} ${whereAll(scope)}
          ORDER BY ${this.#order()} LIMIT ${2 * MAX_EXAMINED}) AS examined
         ${whereAll([kept, ...this.#narrowing(values)])}`
      : `${this.#table} ${whereAll([...scope, kept])}`;
    const chunkBytes = Math.min(Math.floor(maxBytes), CHUNK_BYTES);
    const within = `size_before = 0 OR size_before + size <= $${values.push(chunkBytes)}`;
    const selected = LISTED_COLUMNS.map((column) =>
      CONTENTS.includes(column) ? `CASE WHEN ${within} THEN ${column} END AS ${column}` : column,
    );
    const { rows } = await this.#queries.query(
      `SELECT size, ${within} AS is_read, ${selected.join(', ')}
       FROM (SELECT *, sum(size) OVER (ORDER BY sequence DESC ROWS UNBOUNDED PRECEDING) - size AS size_before
             FROM (SELECT ${LISTED_COLUMNS.join(', ')}, ${SIZE} AS size FROM ${from}
                   ORDER BY ${this.#order()} LIMIT $${values.push(limit)}) AS chosen) AS measured
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

  /** Tells whether more rows may have to be examined than are returned. */
  get #selective(): boolean {
    const { parent, where, matches } = this.#query;
    return hasWildcard(parent) || where !== undefined || matches !== undefined;
  }

  /** The conditions that an index finds by itself, for the rows below `before`. */
  #scope(values: unknown[], before: string | undefined): string[] {
    const { parent, where } = this.#query;
    const { end } = this;
    const [upper, top] = before === undefined ? ['<=', this.#first] : ['<', before];
    const conditions = where && wantsUnfinished(where) ? ['end_time IS NULL'] : [];
    if (hasWildcard(parent)) {
      // Part of the condition of an index.
      conditions.push('sequence > 0');
      if (top !== undefined) conditions.push(`sequence ${upper} $${values.push(top)}`);
      if (end !== undefined) conditions.push(`sequence >= $${values.push(end)}`);
      return conditions;
    }
    // Comparisons of rows, not `parent = $1 AND sequence < $2`: with statistics the planner would walk the primary key
    // then, through the operations of all other parents.
    const value = `$${values.push(parent)}`;
    const at = (sequence: string) => `(${value}, $${values.push(sequence)}::bigint)`;
    conditions.push(top === undefined ? `parent <= ${value}` : `(parent, sequence) ${upper} ${at(top)}`);
    conditions.push(end === undefined ? `parent >= ${value}` : `(parent, sequence) >= ${at(end)}`);
    return conditions;
  }

  /** Newest first, in the order of the index that is to be used. */
  #order(): string {
    return hasWildcard(this.#query.parent) ? 'sequence DESC' : 'parent DESC, sequence DESC';
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
