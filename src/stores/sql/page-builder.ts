import {
  type ListedOperation,
  type ListPage,
  type ListQuery,
  MAX_EXAMINED_BYTES,
} from '../contract/operation-store.js';
import { listedSize, OPERATION_OVERHEAD_BYTES } from './listed-size.js';

/** Bytes of records that are decoded and matched before other work of the process gets its turn. */
const BYTES_AT_ONCE = 1024 * 1024;

/** The page of a query, filled with the records that a store examines, newest first. */
export class PageBuilder {
  readonly #query: ListQuery;
  readonly #records: ListedOperation[] = [];
  /** Cursor of the record examined last. */
  #examined: string | undefined;
  #bytes = 0;
  #examinedBytes = 0;
  #bytesAtPause = 0;

  constructor(query: ListQuery) {
    this.#query = query;
  }

  /** True if a record that matches would end the page. The first record never does. */
  hasNoRoomFor(size: number): boolean {
    const { limit, maxBytes = Number.POSITIVE_INFINITY } = this.#query;
    const count = this.#records.length;
    return count > 0 && (count === limit || this.#bytes + size > maxBytes);
  }

  /** True if no further record has room because of its size, however small it is. */
  isOutOfBytes(): boolean {
    return this.#records.length < this.#query.limit && this.hasNoRoomFor(OPERATION_OVERHEAD_BYTES);
  }

  /** Takes the next examined record. @returns the page if the record ends it: it then belongs to the next one. */
  add(record: ListedOperation, cursor: string): ListPage | undefined {
    const { matches } = this.#query;
    const size = listedSize(record);
    if (!matches || matches(record)) {
      if (this.hasNoRoomFor(size)) return this.end(this.#examined);
      this.#records.push(record);
      this.#bytes += size;
    }
    this.#examined = cursor;
    this.#examinedBytes += size;
    // Without a filter every record is in the page, and `maxBytes` alone bounds the work.
    const isLong = matches && this.#examinedBytes >= MAX_EXAMINED_BYTES && this.#records.length > 0;
    return isLong ? this.end(cursor) : undefined;
  }

  /** The page as it is; the next one begins after the cursor. */
  end(next: string | undefined = undefined): ListPage {
    return next === undefined ? { records: this.#records } : { records: this.#records, next };
  }

  /** Cursor of the record that was examined last; undefined before the first. */
  get examined(): string | undefined {
    return this.#examined;
  }

  /** True once after every mebibyte of records: other work of the process should get its turn. */
  isPauseDue(): boolean {
    if (this.#examinedBytes - this.#bytesAtPause < BYTES_AT_ONCE) return false;
    this.#bytesAtPause = this.#examinedBytes;
    return true;
  }
}
