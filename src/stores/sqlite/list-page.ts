import { setImmediate } from 'node:timers/promises';
import type { ListPage, ListQuery } from '../contract/operation-store.js';
import { listedOf } from '../sql/listed-row.js';
import { PageBuilder } from '../sql/page-builder.js';
import { Scan } from './scan.js';
import type { Statements } from './statements.js';

/** How many records are decoded and matched before other work of the process has its turn. */
const MATCHED_AT_ONCE = 500;

/** Reads one page, newest first. It costs the same wherever it begins, and examines so many at most. */
export async function listPage(statements: Statements, query: ListQuery): Promise<ListPage> {
  const scan = new Scan(statements, query);
  const page = new PageBuilder(query);
  // One more than asked for tells that there is a next page. Most often these suffice.
  for (let size = query.limit + 1; ; size = MATCHED_AT_ONCE) {
    let count = 0;
    let pauses = false;
    for (const row of scan.next(size)) {
      const full = page.add(listedOf(row), String(row[0]));
      if (full) return full;
      // Whatever the next record is, it has no room: it need not be read.
      if (!scan.isSelective && page.isOutOfBytes())
        return page.end(scan.hasMore() ? page.examined : undefined);
      count++;
      pauses = page.isPauseDue();
      if (pauses) break;
    }
    const end = scan.end();
    if (count < size && !pauses) return page.end(end === undefined ? undefined : String(end));
    await setImmediate();
  }
}
