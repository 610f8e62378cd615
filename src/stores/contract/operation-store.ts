import type { Any } from '../../../generated/google/protobuf/any.js';
import type { Status } from '../../../generated/google/rpc/status.js';
import type { TraceContext } from '../../core/trace-context.js';
import type { Filter } from '../../filter/index.js';

/** Result of an operation. */
export type OperationResult = NonNullable<OperationRecord['result']>;

/**
 * State of one operation. Only `lifecycle.ts` derives new versions of a record; a store keeps records unchanged.
 * Times are milliseconds since 1970, UTC.
 */
export interface OperationRecord {
  readonly name: string;
  /** Part of the name before `/operations/{id}`, by which operations are listed. */
  readonly parent: string;
  /** Path of the method that started it: `/example.reports.v1.Reports/ExportReport`. */
  readonly method: string;
  /** Encoded starting request. */
  readonly request: Uint8Array;
  /** Request id chosen by the caller (AIP-155). At most one record of a method and parent has it. */
  readonly requestId?: string;
  /** True if its method can be cancelled. Stored for servers that do not implement the method. */
  readonly cancellable: boolean;
  /** 1 when created, incremented by every change. `compareAndSet` compares it. */
  readonly version: number;
  /** Number of times that work was started; 0 while queued. */
  readonly attempt: number;
  readonly createTime: number;
  /** Trace context of the starting call. */
  readonly trace?: TraceContext;
  /** Time of the first cancellation request. */
  readonly cancelRequestTime?: number;
  /** Time of the end. */
  readonly endTime?: number;
  /**
   * Time of deletion, if work was not finished. The operation can no longer be found, and its record is removed when
   * the work ends.
   */
  readonly deleteTime?: number;
  /** Time after which the record may be removed. */
  readonly expireTime?: number;
  readonly metadata: Any | undefined;
  /** Set once, when the operation ends. */
  readonly result?:
    | { readonly $case: 'response'; readonly value: Any }
    | { readonly $case: 'error'; readonly value: Status };
}

/**
 * Fields of a record that listings return and filters use. Others are needed only for work, so a store need not read
 * them. Whole records are valid too.
 */
export type ListedOperation = Pick<
  OperationRecord,
  'name' | 'createTime' | 'endTime' | 'metadata' | 'result'
>;

/** Contents and limits of a page. */
export interface ListQuery {
  /** Parent to list. `-` stands for any one segment. */
  readonly parent: string;
  /**
   * Filter of the listing, for stores that can exclude records without reading them completely (`compileFilter` of
   * `sql-filter.ts` does so in SQL). Stores may ignore it.
   */
  readonly where?: Filter;
  /**
   * Returns true if a record belongs in the listing. A store calls it for every record that it would return, even if
   * it used `where`.
   */
  readonly matches?: (record: ListedOperation) => boolean;
  /** Current time: expired records are excluded. Deleted ones always are. */
  readonly now: number;
  readonly limit: number;
  /**
   * Upper bound on the size of the page in bytes, as `listedSize` counts them. The page ends before the record that
   * would exceed it, but contains at least one record. A store does not read the contents of records beyond it. If a
   * store ignores the bound, the server lists again with a smaller limit.
   *
   * @defaultValue no bound
   */
  readonly maxBytes?: number;
  /** `next` of the previous page. */
  readonly after?: string;
}

/**
 * Maximum number of records that a store examines for one page. A filter that matches few records then yields a
 * partial or empty page with a `next` (AIP-158), and no call takes long.
 */
export const MAX_EXAMINED = 10_000;

/**
 * Bytes of records that a store decodes for one filtered page before it returns the matches found so far. While it
 * has found none it continues, up to {@link MAX_EXAMINED} records.
 */
export const MAX_EXAMINED_BYTES = 64 * 1024 * 1024;

/** Page of operations, newest first. */
export interface ListPage {
  readonly records: readonly ListedOperation[];
  /** Cursor of the next page; undefined at the end. Creations and deletions do not invalidate it. */
  readonly next?: string;
}

/** Number of operations of a method in one state. */
export type UnfinishedCount = Awaited<ReturnType<NonNullable<OperationStore['countUnfinished']>>>[number];

/** State of an unfinished operation. */
export type UnfinishedState = UnfinishedCount['state'];

/** Key of a start with a request id. */
export type RequestKey = Parameters<OperationStore['findByRequestId']>[0];

/** Performs the work on a record. */
export type WorkHandler = Parameters<OperationStore['consume']>[0];

/** Outcome of work on a record. */
export type WorkOutcome = Awaited<ReturnType<WorkHandler>>;

/** Registration of a consumer; see {@link OperationStore.consume}. */
export interface WorkConsumer {
  /**
   * Called after a method was added to {@link ConsumeOptions.methods}: hands out its pending work. Stores that poll
   * for work omit it.
   */
  added?(method: string): void;
  /** Stops handing out work. Work already handed out continues. */
  stop(): void;
}

/** Options of a consumer. */
export interface ConsumeOptions {
  /**
   * Paths of the methods that the server implements. Work of other methods is not handed out. The set may grow; it is
   * read each time that work is handed out.
   */
  readonly methods: ReadonlySet<string>;
  /** Maximum number of operations handed out at once. */
  readonly maxRunning: number;
  /**
   * Returns the maximum number of operations of a method handed out at once. Further work of the method waits, without
   * delaying that of other methods.
   *
   * @defaultValue no limit per method
   */
  readonly maxRunningOf?: ((method: string) => number) | undefined;
  /** Called when the handler rejects or fetching work fails. */
  readonly onError: (error: unknown) => void;
  /** Called with a condition that an operator can fix, and how to fix it. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Listener to changes of records. */
export type ChangeListener = Parameters<OperationStore['watch']>[0];

/**
 * Stores operations and hands out their work. It does not know their life cycle: the service reads a record, applies
 * `lifecycle.ts`, writes with `compareAndSet`, and repeats this if it lost a race.
 *
 * Temporary failures, such as an unavailable database, reject with StatusError UNAVAILABLE. Acknowledged changes are
 * kept for as long as the store promises to keep data.
 */
export interface OperationStore {
  /**
   * True if operations outlive the process of their server: work that it leaves is resumed or ended later.
   *
   * @defaultValue false
   */
  readonly durable?: boolean;
  /** Resolves when the store can be used; rejects with the reason if it cannot. Other calls wait for that themselves. */
  ready(): Promise<void>;
  /**
   * Rejects if changes cannot be stored: the database is unavailable or read-only, its disk is full, or its user may
   * not write. Health checks call it at most once a second. Without it, they read a record that does not exist, which
   * shows only that the store can be read.
   */
  checkWritable?(): Promise<void>;
  /**
   * Random bytes stored with the operations and shared by all their servers: the key of page tokens. Without it, a
   * page token is valid only on the server that created it, until that server ends.
   */
  secret?(): Promise<Uint8Array>;
  /**
   * Stores a new record and queues it for a consumer, atomically.
   *
   * @returns the stored record: an earlier one if its `requestId` was used before for the same method and parent.
   * @throws StatusError ALREADY_EXISTS if the name is taken.
   */
  create(record: OperationRecord): Promise<OperationRecord>;
  /** Returns the record of that name, if there is one. */
  get(name: string): Promise<OperationRecord | undefined>;
  /**
   * Synchronous `get`, for stores that keep everything in memory. A wait for an ended operation then needs no
   * subscription. Without it, WaitOperation of ended operations takes 16 % more CPU time. Wrappers that intercept calls
   * omit it.
   */
  getNow?(name: string): OperationRecord | undefined;
  /** Returns the record of a request id, if there is one. */
  findByRequestId(
    key: Required<Pick<OperationRecord, 'method' | 'parent' | 'requestId'>>,
  ): Promise<OperationRecord | undefined>;
  /** Replaces the record of that name if its version is still the expected one. Resolves to true if it was. */
  compareAndSet(record: OperationRecord, expectedVersion: number): Promise<boolean>;
  /** Deletes a record. Resolves to true if it existed. */
  delete(name: string): Promise<boolean>;
  /** Returns a page of records, in the store's order. */
  list(query: ListQuery): Promise<ListPage>;
  /** Deletes at most `limit` records that had expired by `now`. Resolves to their number. */
  deleteExpired(now: number, limit: number): Promise<number>;
  /** Returns the paths of methods that have records which are not terminal. */
  unfinishedMethods(): Promise<readonly string[]>;
  /**
   * Counts at most `limit` records that are not terminal, by method and state. Called on every metrics read; stores
   * that cannot count quickly omit it. State `cancelling`: it is running, and its cancellation was requested.
   */
  countUnfinished?(limit: number): Promise<
    readonly {
      readonly method: string;
      readonly state: 'queued' | 'running' | 'cancelling';
      readonly count: number;
    }[]
  >;
  /**
   * Notifies `listener` of every changed or deleted record, by its name, until the returned function is called. Without a
   * name, changes may have been missed, and everything of interest must be read again. With the new record, if the store
   * has it, reading is unnecessary. It may arrive late, after the same or a later version was read.
   */
  watch(listener: (name?: string, record?: OperationRecord) => void): () => void;
  /**
   * Hands every record that is not terminal to `handler`, oldest first, to one worker at a time, and again if that
   * worker died. Called once. The handler resolves to the outcome of the work:
   *
   * - `ended`: the record is terminal or deleted. It is not handed out again.
   * - `released`: this worker gives it up. It is handed out again, to any free worker.
   * - `superseded`: a later attempt has it. Only that attempt's outcome counts.
   *
   * It rejects if the outcome is unknown. The record is then handed out again later, at the latest when the store is next
   * opened.
   */
  consume(
    handler: (record: OperationRecord) => Promise<'ended' | 'released' | 'superseded'>,
    options: ConsumeOptions,
  ): WorkConsumer;
  /** Releases all resources. Work that was handed out has settled by then. */
  close(): Promise<void>;
}
