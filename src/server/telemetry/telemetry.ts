import type { Code, StatusError } from '../../core/status.js';
import type { TraceContext } from '../../core/trace-context.js';
import type { OperationRecord, OperationStore } from '../../stores/contract/operation-store.js';
import type { AuthorizeRequest } from '../access/call-facts.js';

/** A traced activity. */
export interface TelemetrySpan {
  /** Trace context of the activity; undefined if it is not traced. */
  readonly trace: TraceContext | undefined;
  /** Runs a function as part of the activity, so that spans started in it become children. */
  within<Result>(act: () => Result): Result;
}

/** A gRPC call, from its request to its response. */
export interface TelemetryCall extends TelemetrySpan {
  /**
   * Ends the call.
   *
   * @param operation - name of the operation that the call started or refers to.
   */
  end(code: Code, operation?: string): void;
}

/** One run of an operation's work. */
export interface TelemetryRun extends TelemetrySpan {
  /** Called when the signal of the work aborts because of a cancel request. */
  cancelRequested(): void;
  /**
   * Ends the run, with its outcome:
   *
   * - `succeeded`, `failed`, `cancelled`: the operation ended with this result.
   * - `interrupted`: its server stopped, and the operation ended with ABORTED, or as cancelled.
   * - `released`: its server stopped, and another server runs it again.
   * - `superseded`: another server took it over, or it had already ended.
   * - `unrecorded`: the store failed permanently, or the server stopped before it was available.
   *
   * @param error - error of the operation if it failed.
   */
  end(
    ending: 'succeeded' | 'failed' | 'cancelled' | 'interrupted' | 'released' | 'superseded' | 'unrecorded',
    error?: StatusError,
  ): void;
}

/** Outcome of one run of an operation's work. */
export type RunEnding = Parameters<TelemetryRun['end']>[0];

/** Methods of a store that are measured. */
export type StoreVerb = Exclude<keyof OperationStore, 'durable' | 'sync' | 'watch' | 'consume' | 'close'>;

/**
 * Callbacks for tracing and measuring a server. `openTelemetry` of `longrunning/opentelemetry` creates an implementation.
 * Without telemetry a server reports nothing.
 */
export interface Telemetry {
  /** Resolves when everything can be reported. `operations.ready()` rejects with its error. */
  ready?(): Promise<void>;
  /** Called at the start of a call, of the five methods or of any other method that the server handles. */
  call(facts: Omit<AuthorizeRequest, 'caller'>): TelemetryCall;
  /** Returns the current trace context, which new operations store. */
  current(): TraceContext | undefined;
  /** Called at the start of a run, with the record at that time. */
  run(record: OperationRecord): TelemetryRun;
  /**
   * Called when this server has recorded a change; changes by other servers are not reported. `before` is undefined for a new
   * operation. `at` is the time in milliseconds since 1970.
   */
  changed(before: OperationRecord | undefined, after: OperationRecord, at: number): void;
  /** Called when a WaitOperation starts to wait. The returned function ends the wait. */
  wait(): () => void;
  /** Called at the start of a store call. The returned function ends it, with the error if it failed. */
  storeCall(verb: Exclude<keyof OperationStore, 'watch' | 'consume' | 'close'>): (error?: unknown) => void;
  /**
   * Provides a function that counts the unfinished operations of the whole store.
   *
   * @returns a function that stops its use.
   */
  unfinished(count: () => ReturnType<NonNullable<OperationStore['countUnfinished']>>): () => void;
}
