import type { Any } from '../../../generated/google/protobuf/any.js';
import {
  type ListedOperation,
  type ListPage,
  type ListQuery,
  MAX_EXAMINED_BYTES,
  type OperationResult,
} from './operation-store.js';

/** Bytes of records decoded and matched before other work of the process runs. */
const BYTES_AT_ONCE = 1024 * 1024;

/** Page of a query, built from the records that a store examines, newest first. */
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

  /** Returns true if a matching record of that size would end the page. The first record never does. */
  hasNoRoomFor(size: number): boolean {
    const { limit, maxBytes = Number.POSITIVE_INFINITY } = this.#query;
    const count = this.#records.length;
    return count > 0 && (count === limit || this.#bytes + size > maxBytes);
  }

  /** Returns true if no further record fits within the byte limit, however small it is. */
  isOutOfBytes(): boolean {
    return this.#records.length < this.#query.limit && this.hasNoRoomFor(OPERATION_OVERHEAD_BYTES);
  }

  /**
   * Adds the next examined record.
   *
   * @returns the page if the record ends it; the record then belongs to the next page.
   */
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
    // Without a filter, the page contains every record and `maxBytes` alone bounds the work.
    const isLong = matches && this.#examinedBytes >= MAX_EXAMINED_BYTES && this.#records.length > 0;
    return isLong ? this.end(cursor) : undefined;
  }

  /** Returns the page as it is. The next one begins after the cursor. */
  end(next: string | undefined = undefined): ListPage {
    return next === undefined ? { records: this.#records } : { records: this.#records, next };
  }

  /** Cursor of the record examined last; undefined before the first. */
  get examined(): string | undefined {
    return this.#examined;
  }

  /** Returns true once per mebibyte of records: other work of the process should run. */
  isPauseDue(): boolean {
    if (this.#examinedBytes - this.#bytesAtPause < BYTES_AT_ONCE) return false;
    this.#bytesAtPause = this.#examinedBytes;
    return true;
  }
}

/** Upper bound on the tags, lengths and `done` of an operation in an encoded page. */
export const OPERATION_OVERHEAD_BYTES = 64;

/** Upper bound on the tags, lengths and the code of an encoded `google.rpc.Status`, and of each of its details. */
const STATUS_OVERHEAD_BYTES = 24;

/**
 * Size of an operation in an encoded page of a listing, in bytes. It is at least the encoded size and, for an
 * operation without error details, at most 64 bytes more. {@link ListQuery.maxBytes} counts in it.
 */
export function listedSize({ name, metadata, result }: ListedOperation): number {
  return OPERATION_OVERHEAD_BYTES + Buffer.byteLength(name) + anySize(metadata) + resultSize(result);
}

function resultSize(result: OperationResult | undefined): number {
  switch (result?.$case) {
    case undefined:
      return 0;
    case 'response':
      return anySize(result.value);
    case 'error': {
      const { message, details } = result.value;
      return details.reduce(
        (size, detail) => size + STATUS_OVERHEAD_BYTES + anySize(detail),
        STATUS_OVERHEAD_BYTES + Buffer.byteLength(message),
      );
    }
  }
}

function anySize(any: Any | undefined): number {
  return any ? Buffer.byteLength(any.typeUrl) + any.value.length : 0;
}
