import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Any } from '../../../generated/google/protobuf/any.js';
import type { Status } from '../../../generated/google/rpc/status.js';
import { formatOperationName } from '../../core/name.js';
import { Code, kitStatus, readStatus, type StatusError } from '../../core/status.js';
import type {
  ListedOperation,
  OperationRecord,
  OperationResult,
} from '../../stores/contract/operation-store.js';

/**
 * Event in the life of an operation. `at` is its time in milliseconds since 1970. `attempt` is the attempt that reports it:
 * the event is ignored unless the record is still at that attempt. `started` has the previous attempt.
 */
export type LifecycleEvent =
  | { readonly type: 'started'; readonly attempt: number }
  | { readonly type: 'updated'; readonly attempt: number; readonly metadata: Any }
  | { readonly type: 'cancelRequested'; readonly at: number }
  | { readonly type: 'succeeded'; readonly attempt: number; readonly at: number; readonly response: Any }
  | { readonly type: 'failed'; readonly attempt: number; readonly at: number; readonly error: StatusError }
  | { readonly type: 'cancelled'; readonly attempt: number; readonly at: number }
  | { readonly type: 'interrupted'; readonly attempt: number; readonly at: number }
  | { readonly type: 'deleted'; readonly at: number };

/** Fields of a new operation. */
export interface NewOperation
  extends Pick<
    OperationRecord,
    'parent' | 'method' | 'request' | 'requestId' | 'cancellable' | 'createTime' | 'trace' | 'metadata'
  > {
  readonly id: string;
}

/** Creates the record of an operation whose work has not started. */
export function queued({ id, ...facts }: NewOperation): OperationRecord {
  return { ...facts, name: formatOperationName({ parent: facts.parent, id }), version: 1, attempt: 0 };
}

/**
 * Applies an event to a record. Returns the same object if the event does not change it.
 *
 * This function alone implements the lifecycle: a terminal record never changes (contract 4), only the first cancel request
 * counts (13), cancelled queued work never runs (17), work on a deleted operation continues (20), and events of
 * earlier attempts are ignored.
 */
export function apply(record: OperationRecord, event: LifecycleEvent, retentionMs: number): OperationRecord {
  if (record.result || ('attempt' in event && event.attempt !== record.attempt)) return record;
  const version = record.version + 1;
  const ended = (at: number, result: OperationResult): OperationRecord => ({
    ...record,
    version,
    endTime: at,
    expireTime: record.deleteTime === undefined ? at + retentionMs : at,
    result,
  });
  const failed = (at: number, error: Status) => ended(at, { $case: 'error', value: error });

  switch (event.type) {
    case 'started':
      return { ...record, version, attempt: record.attempt + 1 };
    case 'updated':
      return { ...record, version, metadata: event.metadata };
    case 'cancelRequested': {
      if (record.cancelRequestTime !== undefined) return record;
      if (record.attempt > 0) return { ...record, version, cancelRequestTime: event.at };
      return { ...failed(event.at, cancellation(record.name)), cancelRequestTime: event.at };
    }
    case 'succeeded':
      return ended(event.at, { $case: 'response', value: event.response });
    case 'failed':
      return failed(event.at, readStatus(event.error));
    case 'cancelled':
      return failed(event.at, cancellation(record.name));
    case 'interrupted':
      return failed(
        event.at,
        record.cancelRequestTime === undefined ? interruption(record.name) : cancellation(record.name),
      );
    case 'deleted': {
      // A deleted operation cannot be found any more, so its request id becomes free.
      const { requestId, ...rest } = record;
      return { ...rest, version, deleteTime: event.at };
    }
  }
}

/** Converts a record to the message that clients receive. */
export function toOperation(record: ListedOperation): Operation {
  const { name, metadata, result } = record;
  return { name, metadata, done: result !== undefined, result };
}

/** Returns true if callers no longer find the operation, because it was deleted or has expired (contract 20, 34). */
export function isGone(record: OperationRecord, now: number): boolean {
  return record.deleteTime !== undefined || (record.expireTime !== undefined && record.expireTime <= now);
}

/** Error of a cancelled operation, and reason of the AbortSignal of its work. */
export function cancellation(name: string): Status {
  return kitStatus(Code.CANCELLED, 'OPERATION_CANCELLED', 'operation was cancelled', { metadata: { name } });
}

function interruption(name: string): Status {
  const message = 'work on the operation was interrupted when its server stopped: start it again';
  return kitStatus(Code.ABORTED, 'OPERATION_INTERRUPTED', message, { metadata: { name } });
}
