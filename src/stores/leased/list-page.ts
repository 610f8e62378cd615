import { setImmediate } from 'node:timers/promises';
import {
  type ListPage,
  type ListQuery,
  MAX_EXAMINED,
  type OperationRecord,
} from '../contract/operation-store.js';
import { PageBuilder } from '../contract/page-builder.js';

/**
 * Builds the page of a query. Deleted and expired records, and those that do not match, are left out; the limits of the page and
 * of the examined records are observed.
 *
 * @param entries - the records under the parent, newest first, from the cursor `after` of the query, each with the cursor of the
 * page that begins after it.
 */
export async function listPage(
  query: ListQuery,
  entries:
    | Iterable<readonly [cursor: string, record: OperationRecord]>
    | AsyncIterable<readonly [cursor: string, record: OperationRecord]>,
): Promise<ListPage> {
  const page = new PageBuilder(query);
  let examined = 0;
  let last = query.after;
  for await (const [cursor, record] of entries) {
    if (examined++ === MAX_EXAMINED) return page.end(last);
    last = cursor;
    const { deleteTime, expireTime = Number.POSITIVE_INFINITY } = record;
    const isListed = deleteTime === undefined && expireTime > query.now;
    const full = isListed ? page.add(record, cursor) : undefined;
    if (full) return full;
    if (page.isPauseDue()) await setImmediate();
  }
  return page.end();
}
