import type { Code, StatusError } from '../../core/status.js';
import type { TraceContext } from '../../core/trace-context.js';
import type {
  OperationRecord,
  OperationStore,
  UnfinishedCount,
} from '../../stores/contract/operation-store.js';
import type { CallFacts } from '../access/call-facts.js';

/** Something that takes time and is traced. */
export interface Observed {
  /** Where it is in which trace; undefined when it is in none. */
  readonly trace: TraceContext | undefined;
  /** Does something as a part of it: what is traced in there is its child. */
  within<Result>(act: () => Result): Result;
}

/** A call over gRPC, from its request to its answer. */
export interface ObservedCall extends Observed {
  /** It is answered. @param operation - the operation that it started, or was about */
  end(code: Code, operation?: string): void;
}

/**
 * How the run of an operation's work was left.
 *
 * - `succeeded`, `failed`, `cancelled`: the operation ended so.
 * - `interrupted`: its server stopped, and it ended with ABORTED, or as cancelled.
 * - `released`: its server stopped, and another one begins it again.
 * - `superseded`: another server has taken it over, or it had ended meanwhile.
 * - `unrecorded`: the store failed, for good or because the server stopped.
 */
export type RunEnding =
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'interrupted'
  | 'released'
  | 'superseded'
  | 'unrecorded';

/** One run of an operation's work, from its beginning to its being left. */
export interface ObservedRun extends Observed {
  /** The work is told that cancellation was requested. */
  cancelRequested(): void;
  /** It is left. @param error - what the operation failed with, where it did */
  end(ending: RunEnding, error?: StatusError): void;
}

/** What of a store is timed. */
export type StoreVerb = Exclude<keyof OperationStore, 'watch' | 'consume' | 'close'>;

/**
 * Is told what a server does, to trace and measure it. `openTelemetry` of `longrunning/opentelemetry` makes one. A
 * server that is given none does nothing in its place.
 */
export interface Telemetry {
  /** A call begins, be it of the five methods or one that starts an operation. */
  call(facts: CallFacts): ObservedCall;
  /** Where in which trace this is done: operations that are started keep it. */
  current(): TraceContext | undefined;
  /** A run begins; the record is as it is then. */
  run(record: OperationRecord): ObservedRun;
  /**
   * This server, and no other one, has recorded a change. `before` is undefined for a new operation, `at` is when, in
   * milliseconds since 1970.
   */
  changed(before: OperationRecord | undefined, after: OperationRecord, at: number): void;
  /** A WaitOperation begins to wait, until the function returned is called. */
  wait(): () => void;
  /** The store is asked, until the function returned is called, with the error if there is one. */
  storeCall(verb: StoreVerb): (error?: unknown) => void;
  /**
   * How to learn what has not ended, in the whole store.
   *
   * @returns a function that ends the asking.
   */
  unfinished(count: () => Promise<readonly UnfinishedCount[]>): () => void;
}
