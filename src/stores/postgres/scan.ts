import { hasWildcard } from '../../core/name.js';
import { type ListQuery, MAX_EXAMINED } from '../contract/operation-store.js';
import { OPERATION_OVERHEAD_BYTES } from '../contract/page-builder.js';
import type { OperationRow } from '../sql/operation-row.js';
import { LISTED_COLUMNS, type ListedRow, type PageScan, type ScannedRow } from '../sql/read-page.js';
import { compileFilter, wantsUnfinished } from '../sql/sql-filter.js';
import type { PostgresQueries } from './connection.js';

/** Upper bound on the bytes of records read by one query, except for the first record. */
const CHUNK_BYTES = 4 * 1024 * 1024;

const CONTENTS: readonly string[] = [
  'metadata_value',
  'response_value',
  'error',
] satisfies (keyof OperationRow)[];

/** SQL for the size of a record. PostgreSQL knows the length of large values without reading them. */
const SIZE = ['name', 'metadata_type', 'metadata_value', 'response_type', 'response_value', 'error']
  .map((column) => `coalesce(octet_length(${column}), 0)`)
  .concat(String(OPERATION_OVERHEAD_BYTES))
  .join(' + ');

/** The rows that may belong to one page, newest first. */
export class Scan implements PageScan {
  readonly isSelective: boolean;
  /** Sequence of the row that the page ends at or before; undefined if fewer rows than the maximum can be examined. */
  #end: string | undefined;
  /** Sequence of the row consumed last, or of the last row of the page before. */
  #before: string | undefined;
  #isBounded = false;
  /** Sequence of the first row to examine: rows created later belong to no page of this scan. */
  #first: string | undefined;
  readonly #queries: PostgresQueries;
  readonly #table: string;
  readonly #query: ListQuery;

  constructor(queries: PostgresQueries, table: string, query: ListQuery) {
    this.#queries = queries;
    this.#table = table;
    this.#query = query;
    const { parent, where, matches, after } = query;
    this.isSelective = hasWildcard(parent) || where !== undefined || matches !== undefined;
    this.#before = after;
  }

  async next(limit: number): Promise<Iterable<ScannedRow>> {
    if (!this.#isBounded) await this.#bound();
    this.#isBounded = true;
    return this.#consume(await this.#rows(limit));
  }

  end(): string | undefined {
    return this.#end;
  }

  *#consume(rows: readonly ScannedRow[]): Generator<ScannedRow, void> {
    for (const row of rows) {
      if (Array.isArray(row)) this.#before = String(row[0]);
      yield row;
    }
  }

  /** Finds the range of rows to examine, if that may exceed the rows returned. */
  async #bound(): Promise<void> {
    if (!this.isSelective) return;
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
    if (count === MAX_EXAMINED) this.#end = last;
  }

  /** Reads at most `limit` rows. Rows beyond the bytes of a chunk, except for the first, come without contents. */
  async #rows(limit: number): Promise<readonly ScannedRow[]> {
    const { now, maxBytes = Number.POSITIVE_INFINITY } = this.#query;
    const values: unknown[] = [];
    const scope = this.#scope(values, this.#before);
    const kept = `delete_time IS NULL AND (expire_time IS NULL OR expire_time > $${values.push(Math.floor(now))})`;
    // The inner limit keeps the planner from choosing by an estimate of the filter's selectivity. It excludes no row:
    // between `#first` and `#end` there are no more rows, except for those committed since.
    const from = this.isSelective
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
    return rows.map(({ size, is_read, ...row }) =>
      // pg returns the columns in the order in which they are selected.
      is_read ? (Object.values(row) as unknown as ListedRow) : { size: Number(size) },
    );
  }

  /** Conditions that an index evaluates, for the rows before the next one. */
  #scope(values: unknown[], before: string | undefined): string[] {
    const { parent, where } = this.#query;
    const end = this.#end;
    const [upper, top] = before === undefined ? ['<=', this.#first] : ['<', before];
    const conditions = where && wantsUnfinished(where) ? ['end_time IS NULL'] : [];
    if (hasWildcard(parent)) {
      // Required by the index condition.
      conditions.push('sequence > 0');
      if (top !== undefined) conditions.push(`sequence ${upper} $${values.push(top)}`);
      if (end !== undefined) conditions.push(`sequence >= $${values.push(end)}`);
      return conditions;
    }
    // Row comparisons instead of `parent = $1 AND sequence < $2`. With statistics the planner would otherwise walk
    // the primary key, through the operations of all other parents.
    const value = `$${values.push(parent)}`;
    const at = (sequence: string) => `(${value}, $${values.push(sequence)}::bigint)`;
    conditions.push(top === undefined ? `parent <= ${value}` : `(parent, sequence) ${upper} ${at(top)}`);
    conditions.push(end === undefined ? `parent >= ${value}` : `(parent, sequence) >= ${at(end)}`);
    return conditions;
  }

  /** Newest first, in the order of the index to use. */
  #order(): string {
    return hasWildcard(this.#query.parent) ? 'sequence DESC' : 'parent DESC, sequence DESC';
  }

  /** Conditions that are evaluated row by row. */
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

/** Converts a parent, with `-` for any one segment, to a regular expression. */
function parentPattern(parent: string): string {
  const segments = parent
    .split('/')
    .map((segment) => (segment === '-' ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return `^${segments.join('/')}$`;
}
