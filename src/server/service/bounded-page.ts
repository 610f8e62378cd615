import type { ListPage, ListQuery, OperationStore } from '../../stores/contract/operation-store.js';
import { listedSize } from '../../stores/contract/page-builder.js';

/**
 * A page within `maxBytes`, from any store. A store that ignores `maxBytes` is asked again for as many records as fit, so
 * that the cursor of the page is right.
 */
export async function boundedPage(
  store: OperationStore,
  query: ListQuery & Required<Pick<ListQuery, 'maxBytes'>>,
): Promise<ListPage> {
  for (let { limit } = query; ; ) {
    const page = await store.list({ ...query, limit });
    const fitting = countWithin(page, query.maxBytes);
    if (fitting === page.records.length) return page;
    limit = fitting;
  }
}

/** Records from the first on that fit; the first always does. */
function countWithin({ records }: ListPage, maxBytes: number): number {
  let bytes = 0;
  const beyond = records.findIndex((record, index) => {
    bytes += listedSize(record);
    return index > 0 && bytes > maxBytes;
  });
  return beyond < 0 ? records.length : beyond;
}
