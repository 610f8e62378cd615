import type { Any } from '../../../generated/google/protobuf/any.js';
import type { Status } from '../../../generated/google/rpc/status.js';
import type { TraceContext } from '../../core/trace-context.js';
import type { Filter } from '../../filter/ast.js';

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
  /** What the caller called the request (AIP-155). At most one record of a method and parent has it. */
  readonly requestId?: string;
  /** Whether its method can be cancelled. Kept here, for a server that does not implement the method. */
  readonly cancellable: boolean;
  /** 1 when created, one more with every change: what `compareAndSet` compares. */
  readonly version: number;
  /** How often work on it was begun. 0: it is queued. */
  readonly attempt: number;
  readonly createTime: number;
  /** Where it was started, for those who trace calls. */
  readonly trace?: TraceContext;
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

/**
 * What a listing tells of an operation, and what may be asked of it: a record without what is needed for its work alone,
 * so that a store need not read that. Whole records will do.
 */
export type ListedOperation = Pick<
  OperationRecord,
  'name' | 'createTime' | 'endTime' | 'metadata' | 'result'
>;

/** Which operations a page is to hold. */
export interface ListQuery {
  /** The parent to list, perhaps with `-` for any one segment. */
  readonly parent: string;
  /**
   * What the listing is filtered by, for a store that can leave out some records without reading them whole
   * (`compileFilter` of `sql-filter.ts` does so in SQL). Ignoring it is correct.
   */
  readonly where?: Filter;
  /**
   * Whether a record belongs in the listing. A store asks this of every record that it would return, also when
   * it used `where`.
   */
  readonly matches?: (record: ListedOperation) => boolean;
  /** Leaves out what had expired by then; what was deleted is always left out. */
  readonly now: number;
  readonly limit: number;
  /**
   * Upper bound on the size of the page in bytes, as `listedSize` counts them. The page ends before the record that would
   * exceed it, but holds one record at least. A store reads no contents of records beyond it. If a store ignores it, the
   * server lists again with a smaller limit.
   *
   * @defaultValue no bound
   */
  readonly maxBytes?: number;
  /** The `next` of the page before. */
  readonly after?: string;
}

/**
 * How many records a store examines at most for one page. A filter that few records match then gives a page
 * that is not full, or empty, with a `next` (AIP-158), and no call takes long.
 */
export const MAX_EXAMINED = 10_000;

/**
 * How many bytes of records a store decodes for one filtered page before it returns the matches found so far. It goes on
 * while it has found none, up to {@link MAX_EXAMINED} records.
 */
export const MAX_EXAMINED_BYTES = 64 * 1024 * 1024;

/** A page of operations, newest first. */
export interface ListPage {
  readonly records: readonly ListedOperation[];
  /** Where the next page begins; undefined at the end. It stays good whatever is created or deleted. */
  readonly next?: string;
}

/** How far an operation has come that has not ended; `cancelling`: it runs, and its cancellation was requested. */
export type UnfinishedState = 'queued' | 'running' | 'cancelling';

/** How many operations of a method have come so far. */
export interface UnfinishedCount {
  readonly method: string;
  readonly state: UnfinishedState;
  readonly count: number;
}

/** What a start with a request id is known by. */
export type RequestKey = Required<Pick<OperationRecord, 'method' | 'parent' | 'requestId'>>;

/**
 * How the work on a record was left.
 *
 * - `ended`: its record is terminal, or gone. It is not handed out again.
 * - `released`: this worker gives it up. It is handed out again, to whoever is free.
 * - `superseded`: a later attempt has it. Whatever that one says counts, and nothing that this one does.
 */
export type WorkOutcome = 'ended' | 'released' | 'superseded';

/**
 * Does the work on a record. Rejects when it cannot tell how that went: then the record is handed out again
 * later, at the latest when the store is opened the next time.
 */
export type WorkHandler = (record: OperationRecord) => Promise<WorkOutcome>;

/** What is being handed work; see {@link OperationStore.consume}. */
export interface WorkConsumer {
  /**
   * There is one more method in {@link ConsumeOptions.methods}: hands out what is left of it. A store that looks for work by
   * itself does without.
   */
  added?(method: string): void;
  /** Hands out no more. What was handed out goes on. */
  stop(): void;
}

/** How a server wants its work. */
export interface ConsumeOptions {
  /**
   * Paths of the methods that it implements. Work of other methods is left alone. There may come to be more: it is
   * looked into each time that work is handed out.
   */
  readonly methods: ReadonlySet<string>;
  /** How many operations to have in hand at once. */
  readonly concurrency: number;
  /** Called when the handler rejects or work could not be fetched. */
  readonly onError: (error: unknown) => void;
  /** Called with a condition that whoever operates the server can improve, and the way to do so. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Hears the name of a record that changed or went. Without a name changes may have been missed: then everything of
 * interest is read again. With the record as it became, if the store has that at hand, it need not be read; it may be
 * told late, after the same or a later one was read.
 */
export type ChangeListener = (name?: string, record?: OperationRecord) => void;

/** The records of a store that has them all in memory: {@link OperationStore.get} and {@link OperationStore.compareAndSet}, at once. */
export interface SynchronousRecords {
  /** The record of that name, if there is one. */
  get(name: string): OperationRecord | undefined;
  /** Replaces the record of that name if its version is still the expected one; tells whether it was. */
  compareAndSet(record: OperationRecord, expectedVersion: number): boolean;
}

/**
 * Keeps operations and hands out the work on them. The rules of their life are not its business: the
 * service reads a record, applies `lifecycle.ts` and writes with `compareAndSet`, again if it lost a race.
 *
 * What a store cannot do now but may do later (its database is away) it rejects with StatusError UNAVAILABLE.
 * What it has acknowledged it keeps, as long as it promises to keep anything.
 */
export interface OperationStore {
  /** Resolves when the store can be used; rejects with what is wrong. Other calls wait for that by themselves. */
  ready(): Promise<void>;
  /**
   * Rejects if a change could not be stored now: the database is away or read-only, its disk is full, or the store's user may
   * not write. Health asks this at most once a second. Without it, health asks for a record that does not exist, which
   * shows only that the store can be read.
   */
  checkWritable?(): Promise<void>;
  /**
   * Random bytes that stay with the operations, the same for every server that uses them: the key of page tokens. Without it, a
   * page token is good only for the server that made it, until that ends.
   */
  secret?(): Promise<Uint8Array>;
  /**
   * Keeps a new record, and queues it for a consumer, both or neither.
   *
   * @returns the record that is kept: another one when its `requestId` was used before for the same method
   * and parent.
   * @throws StatusError ALREADY_EXISTS when the name is taken.
   */
  create(record: OperationRecord): Promise<OperationRecord>;
  /** The record of that name, if there is one. */
  get(name: string): Promise<OperationRecord | undefined>;
  /** The record that a request id stands for. */
  find(key: RequestKey): Promise<OperationRecord | undefined>;
  /** Replaces the record of that name if its version is still the expected one; tells whether it was. */
  compareAndSet(record: OperationRecord, expectedVersion: number): Promise<boolean>;
  /**
   * A store that needs to wait for nothing has the same two here: a server then answers most calls without a promise.
   * What wraps a store, and has something happen around its calls, leaves it out.
   */
  readonly sync?: SynchronousRecords;
  /** Forgets a record; tells whether there was one. */
  delete(name: string): Promise<boolean>;
  /** A page of the records that a query asks for, in the store's order. */
  list(query: ListQuery): Promise<ListPage>;
  /** Forgets at most `limit` records that had expired by `now`; tells how many. */
  deleteExpired(now: number, limit: number): Promise<number>;
  /** Paths of the methods that have records which are not terminal. */
  unfinishedMethods(): Promise<readonly string[]>;
  /**
   * Counts the records that are not terminal, `limit` of them at most, by method and state. It is asked each time that
   * metrics are read; a store that cannot tell quickly leaves it out.
   */
  countUnfinished?(limit: number): Promise<readonly UnfinishedCount[]>;
  /** Tells `listener` of every record that changed or went, until the function returned is called. */
  watch(listener: ChangeListener): () => void;
  /**
   * Hands every record that is not terminal to `handler`, oldest first, one worker at a time; again if its
   * worker died. Called once.
   */
  consume(handler: WorkHandler, options: ConsumeOptions): WorkConsumer;
  /** Lets go of everything. What was handed out has been left by then. */
  close(): Promise<void>;
}
