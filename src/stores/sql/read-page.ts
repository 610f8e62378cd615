import { setImmediate } from 'node:timers/promises';
import type { ListedOperation, ListPage, ListQuery } from '../contract/operation-store.js';
import { PageBuilder } from '../contract/page-builder.js';
import { anyOf, type OperationRow, resultOf, timeOf } from './operation-row.js';

/** Maximum number of records decoded and matched before other work of the process runs. */
const MATCHED_AT_ONCE = 500;

/** The rows of a table that may belong to one page, newest first. */
export interface PageScan {
  /** Reads at most `limit` rows after the row consumed last. Fewer means that no more rows are left to examine. */
  next(limit: number): Iterable<ScannedRow> | Promise<Iterable<ScannedRow>>;
  /**
   * Cursor that ends the page after all rows are examined; undefined if there is no next page. Called in the turn of the event
   * loop in which the rows were consumed.
   */
  end(): string | undefined;
  /** True if more rows may be examined than are returned. */
  readonly isSelective: boolean;
  /**
   * Present if `next` reads each row as it is consumed, within one turn of the event loop. Returns true if a page that has no
   * room left is followed by another row, without reading the contents of that row. Only scans that are not selective are asked.
   */
  readonly lazy?: { hasMore(): boolean };
}

/** A row of a scan, or the size of one whose contents were not read. */
export type ScannedRow = ListedRow | UnreadRow;

/** A row whose contents were not read because of its size. */
export interface UnreadRow {
  /** Lower bound on the size of the record in bytes, at most `listedSize`. */
  readonly size: number;
}

/** Reads one page, newest first, by keyset pagination. Its cost does not depend on where it begins. */
export async function readPage(query: ListQuery, scan: PageScan): Promise<ListPage> {
  const page = new PageBuilder(query);
  // One more than the limit shows whether there is a next page. Usually these rows suffice.
  for (let size = query.limit + 1; ; size = MATCHED_AT_ONCE) {
    let count = 0;
    let isCut = false;
    for (const row of await scan.next(size)) {
      if (isUnread(row)) {
        // Only a filter needs the contents of a record to decide whether the record belongs in the page.
        if (!query.matches && page.hasNoRoomFor(row.size)) return page.end(page.examined);
        isCut = true;
        break;
      }
      const full = page.add(listedOf(row), String(row[0]));
      if (full) return full;
      if (scan.lazy && !scan.isSelective && page.isOutOfBytes()) {
        return page.end(scan.lazy.hasMore() ? page.examined : undefined);
      }
      count++;
      if (!page.isPauseDue()) continue;
      isCut = scan.lazy !== undefined;
      if (isCut) break;
      await setImmediate();
    }
    const end = scan.end();
    if (count < size && !isCut) return page.end(end);
    await setImmediate();
  }
}

function isUnread(row: ScannedRow): row is UnreadRow {
  return !Array.isArray(row);
}

/** Columns that listings read of an unfinished operation; all others are null. */
export const UNFINISHED_COLUMNS = [
  'sequence',
  'name',
  'create_time',
  'metadata_type',
  'metadata_value',
] as const satisfies readonly Column[];

/** Columns that listings read of any operation. */
export const LISTED_COLUMNS = [
  ...UNFINISHED_COLUMNS,
  'end_time',
  'response_type',
  'response_value',
  'error',
] as const satisfies readonly Column[];

/**
 * Column of a row. `sequence` is the order of listing; databases whose integers exceed a JavaScript number return it
 * as a string.
 */
type Column = keyof OperationRow | 'sequence';

/** Row as the values of {@link LISTED_COLUMNS} or {@link UNFINISHED_COLUMNS}. */
export type ListedRow = readonly [
  sequence: number | string,
  name: string,
  createTime: OperationRow['create_time'],
  metadataType: string | null,
  metadataValue: Uint8Array | null,
  endTime?: OperationRow['end_time'],
  responseType?: string | null,
  responseValue?: Uint8Array | null,
  error?: Uint8Array | null,
];

/** Operation in a row, with the fields that listings return. */
function listedOf(row: ListedRow): ListedOperation {
  const [, name, createTime, metadataType, metadataValue, endTime = null] = row;
  return {
    name,
    createTime: Number(createTime),
    endTime: timeOf(endTime),
    metadata: anyOf(metadataType, metadataValue),
    result: resultOf(row[8] ?? null, row[6] ?? null, row[7] ?? null),
  };
}
