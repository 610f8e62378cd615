import type { Any } from '../../generated/google/protobuf/any.js';
import type { Status } from '../../generated/google/rpc/status.js';

/** How an operation ended. */
export type OperationResult =
  | { readonly $case: 'response'; readonly value: Any }
  | { readonly $case: 'error'; readonly value: Status };

/**
 * All that is known of one operation. Only `lifecycle.ts` makes the next record of one; a store keeps it as
 * it is. Times are milliseconds since 1970, UTC.
 */
export interface OperationRecord {
  readonly name: string;
  /** The part of the name before `/operations/{id}`: what listing goes by. */
  readonly parent: string;
  /** Path of the method that started it: `/example.reports.v1.Reports/ExportReport`. */
  readonly method: string;
  /** The starting request, encoded. */
  readonly request: Uint8Array;
  /** Whether its method can be cancelled. Kept here, for a server that does not implement the method. */
  readonly cancellable: boolean;
  /** 1 when created, one more with every change: what `compareAndSet` compares. */
  readonly version: number;
  /** How often work on it was begun. 0: it is queued. */
  readonly attempt: number;
  readonly createTime: number;
  /** When cancellation was first requested. */
  readonly cancelRequestTime?: number;
  /** When it ended. */
  readonly endTime?: number;
  /** When it was deleted while work on it was not done yet: nobody finds it, and it goes with its end. */
  readonly deleteTime?: number;
  /** When it may be forgotten. */
  readonly expireTime?: number;
  readonly metadata: Any | undefined;
  /** Set once, when it ends. */
  readonly result?: OperationResult;
}

/** Which operations a page is to hold. */
export interface ListQuery {
  /** The parent to list, perhaps with `-` for any one segment. */
  readonly parent: string;
  /** Only those that are done, or only those that are not. */
  readonly done?: boolean;
  /** Leaves out what had expired by then; what was deleted is always left out. */
  readonly now: number;
  readonly limit: number;
  /** The `next` of the page before. */
  readonly after?: string;
}

/** A page of operations, newest first. */
export interface ListPage {
  readonly records: readonly OperationRecord[];
  /** Where the next page begins; undefined at the end. It stays good whatever is created or deleted. */
  readonly next?: string;
}

/** What is being handed work; see {@link OperationStore.consume}. */
export interface WorkConsumer {
  /** Hands out no more. What was handed out goes on. */
  stop(): void;
}

/** How a server wants its work. */
export interface ConsumeOptions {
  /** How many operations to have in hand at once. */
  readonly concurrency: number;
  /** Called when the handler rejects or work could not be fetched. */
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps operations and hands out the work on them. The rules of their life are not its business: the
 * service reads a record, applies `lifecycle.ts` and writes with `compareAndSet`, again if it lost a race.
 */
export interface OperationStore {
  /** Keeps a new record, and queues it for a consumer, both or neither. Rejects when the name is taken. */
  create(record: OperationRecord): Promise<void>;
  get(name: string): Promise<OperationRecord | undefined>;
  /** Replaces the record of that name if its version is still the expected one; tells whether it was. */
  compareAndSet(record: OperationRecord, expectedVersion: number): Promise<boolean>;
  /** Forgets a record; tells whether there was one. */
  delete(name: string): Promise<boolean>;
  list(query: ListQuery): Promise<ListPage>;
  /** Forgets at most `limit` records that had expired by `now`; tells how many. */
  deleteExpired(now: number, limit: number): Promise<number>;
  /**
   * Calls `listener` with the name of every record that changed or went, until the function returned is
   * called. Without a name when changes may have been missed: then everything of interest is read again.
   */
  watch(listener: (name?: string) => void): () => void;
  /**
   * Hands every queued record to `handler`, again if its worker died. A record whose handler settled is
   * not handed out again.
   */
  consume(handler: (record: OperationRecord) => Promise<void>, options: ConsumeOptions): WorkConsumer;
  close(): Promise<void>;
}
