import { setImmediate } from 'node:timers/promises';
import { listedOf } from '../listed-row.js';
import type { ListedOperation, ListPage, ListQuery } from '../operation-store.js';
import { Scan } from './scan.js';
import type { Statements } from './statements.js';

/** How many records are decoded and matched before other work of the process has its turn. */
const MATCHED_AT_ONCE = 500;

/** Reads one page, newest first. It costs the same wherever it begins, and examines so many at most. */
export async function listPage(statements: Statements, query: ListQuery): Promise<ListPage> {
  const { limit, matches = () => true } = query;
  const scan = new Scan(statements, query);
  const records: ListedOperation[] = [];
  let last: number | undefined;
  // Most often these suffice.
  for (let size = limit + 1; ; size = MATCHED_AT_ONCE) {
    const rows = scan.next(size);
    for (const row of rows) {
      const operation = listedOf(row);
      if (!matches(operation)) continue;
      // One more than asked for tells that there is a next page.
      if (records.length === limit) return { records, next: String(last) };
      records.push(operation);
      last = row[0];
    }
    const end = scan.end();
    if (rows.length < size) return end === undefined ? { records } : { records, next: String(end) };
    await setImmediate();
  }
}
