import { hasWildcard } from '../../name.js';
import type { ListPage, ListQuery } from '../operation-store.js';
import type { PostgresQueries } from './connection.js';
import { COLUMNS, fromRow } from './row.js';

/** How many rows one page looks at, at most: a filter that nothing passes must not read a whole table. */
const EXAMINED = 10_000;

/** One page, by keyset: it costs the same wherever it is, and stays good whatever is created or deleted. */
export async function listPage(queries: PostgresQueries, table: string, query: ListQuery): Promise<ListPage> {
  const { text, values } = pageStatement(table, query);
  const { rows } = await queries.query(text, values);
  const found = rows.filter(({ name }) => name !== null);
  const records = found.slice(0, query.limit).map(fromRow);
  const last = found.length > query.limit ? found[query.limit - 1] : rows.find(({ name }) => name === null);
  return last ? { records, next: String(last.sequence) } : { records };
}

/**
 * The rows of a page, newest first, and one more, which tells that there is a next page. A page that could not
 * be filled from what it was allowed to look at has instead a row of nothing but the sequence where it stopped:
 * in the same statement, for between two a deletion could move the place.
 */
function pageStatement(table: string, { parent, after, done, now, limit }: ListQuery) {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  // What an index answers decides what is looked at; the rest is decided row by row.
  const indexed = ['TRUE'];
  const byRow = [`delete_time IS NULL AND (expire_time IS NULL OR expire_time > ${bind(now)})`];
  if (after !== undefined) indexed.push(`sequence < ${bind(after)}`);
  if (hasWildcard(parent)) byRow.push(`parent ~ ${bind(parentPattern(parent))}`);
  else indexed.push(`parent = ${bind(parent)}`);
  if (done === true) byRow.push('end_time IS NOT NULL');
  if (done === false) (hasWildcard(parent) ? byRow : indexed).push('end_time IS NULL');

  const examined = `FROM ${table} WHERE ${indexed.join(' AND ')} ORDER BY sequence DESC`;
  const wanted = bind(limit + 1);
  const text = `
    WITH found AS MATERIALIZED (
      SELECT sequence, ${COLUMNS.join(', ')} FROM (SELECT * ${examined} LIMIT ${EXAMINED}) AS examined
      WHERE ${byRow.join(' AND ')} LIMIT ${wanted}
    )
    SELECT * FROM found
    UNION ALL
    SELECT sequence, ${COLUMNS.map(() => 'NULL').join(', ')}
    FROM (SELECT sequence ${examined} OFFSET ${EXAMINED - 1} LIMIT 1) AS stopped
    WHERE (SELECT count(*) FROM found) < ${wanted}
    ORDER BY sequence DESC`;
  return { text, values };
}

/** A parent with `-` for any one segment, as a regular expression. */
function parentPattern(parent: string): string {
  const segments = parent
    .split('/')
    .map((segment) => (segment === '-' ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return `^${segments.join('/')}$`;
}
