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
 * What can happen to an operation. `at` is when, in milliseconds since 1970; `attempt` is whose word it is: the
 * attempt that the record must still be at. A `started` speaks for the attempt before its own.
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

/** What a record begins with. */
export interface NewOperation
  extends Pick<
    OperationRecord,
    'parent' | 'method' | 'request' | 'requestId' | 'cancellable' | 'createTime' | 'trace' | 'metadata'
  > {
  readonly id: string;
}

/** A record of an operation that nobody has begun to work on. */
export function queued({ id, ...facts }: NewOperation): OperationRecord {
  return { ...facts, name: formatOperationName({ parent: facts.parent, id }), version: 1, attempt: 0 };
}

/**
 * The whole life of an operation: what a record becomes when something happens to it. A record that the event
 * does not touch comes back as it is, the very same object.
 *
 * It alone knows that a terminal record never changes (contract 4), that the first request to cancel counts
 * (13), that queued work which is cancelled never runs (17), that work on a deleted operation goes on (20), and
 * that only the latest attempt may speak.
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
      // Nobody finds the operation any more, so its request id stands for nothing.
      const { requestId, ...forgotten } = record;
      return { ...forgotten, version, deleteTime: event.at };
    }
  }
}

/** The message that clients see of a record. */
export function toOperation(record: ListedOperation): Operation {
  const { name, metadata, result } = record;
  return { name, metadata, done: result !== undefined, result };
}

/** Whether the record is not found by whoever asks: it was deleted, or has expired (contract 20, 34). */
export function isGone(record: OperationRecord, now: number): boolean {
  return record.deleteTime !== undefined || (record.expireTime !== undefined && record.expireTime <= now);
}

/** The error of a cancelled operation; also the reason that its AbortSignal gives. */
export function cancellation(name: string): Status {
  return kitStatus(Code.CANCELLED, 'OPERATION_CANCELLED', 'operation was cancelled', { metadata: { name } });
}

function interruption(name: string): Status {
  const message = 'work on the operation was interrupted when its server stopped: start it again';
  return kitStatus(Code.ABORTED, 'OPERATION_INTERRUPTED', message, { metadata: { name } });
}
