import type { CancelledOperation, FailedOperation, OperationSnapshot } from '../../operation.js';
import { Code, codeName, kitError, quoted, StatusError } from '../../status.js';

/** A {@link StatusError} that knows which operation it is about: what the client's calls and waits reject with. */
export class OperationError extends StatusError {
  override readonly name: string = 'OperationError';
  readonly operationName: string;

  constructor(operationName: string, status: StatusError, cause: unknown = status.cause) {
    super(status.code, status.message, status.details, cause === undefined ? {} : { cause });
    this.operationName = operationName;
  }
}

/** A {@link StatusError} that knows what was to be listed: what listings reject with. */
export class ListOperationsError extends StatusError {
  override readonly name = 'ListOperationsError';
  /** The parent whose operations were asked for. */
  readonly parent: string;

  constructor(parent: string, status: StatusError) {
    super(
      status.code,
      status.message,
      status.details,
      status.cause === undefined ? {} : { cause: status.cause },
    );
    this.parent = parent;
  }
}

/** The operation ended with an error: its code, message and details. */
export class OperationFailedError extends OperationError {
  override readonly name = 'OperationFailedError';
  /** The end of the operation, with its metadata. */
  readonly snapshot: FailedOperation<unknown>;

  constructor(operationName: string, snapshot: FailedOperation<unknown>) {
    super(operationName, snapshot.error, snapshot.error);
    this.snapshot = snapshot;
  }
}

/** The server cancelled the operation. Never said of a caller that merely stopped waiting. */
export class OperationCancelledError extends OperationError {
  override readonly name = 'OperationCancelledError';
  /** The end of the operation, with its metadata. */
  readonly snapshot: CancelledOperation<unknown>;

  constructor(operationName: string, snapshot: CancelledOperation<unknown>) {
    super(operationName, snapshot.error, snapshot.error);
    this.snapshot = snapshot;
  }
}

/** What a wait that took too long had come to know. */
export interface WaitProgress {
  /** The latest state seen; undefined when no answer came. */
  readonly snapshot: OperationSnapshot<unknown, unknown> | undefined;
  /** The error that the last question met with; undefined when it was answered. */
  readonly trouble: StatusError | undefined;
}

/** The caller's `timeoutMs` passed before the operation ended. The operation goes on. */
export class WaitTimeoutError extends OperationError {
  override readonly name = 'WaitTimeoutError';
  /** The latest state seen; undefined when the server never answered. */
  readonly snapshot: OperationSnapshot<unknown, unknown> | undefined;

  constructor(operationName: string, timeoutMs: number, { snapshot, trouble }: WaitProgress) {
    const last = trouble ? ` (last error: ${codeName(trouble.code)}: ${trouble.message})` : '';
    const message = `operation ${quoted(operationName)} did not end within ${timeoutMs} ms${last}: it goes on; wait again`;
    const metadata = { name: operationName, timeoutMs: String(timeoutMs) };
    super(
      operationName,
      kitError(Code.DEADLINE_EXCEEDED, 'WAIT_TIMED_OUT', message, { metadata, cause: trouble }),
    );
    this.snapshot = snapshot;
  }
}

/**
 * What a call about an operation rejects with: the reason of the caller's own signal as it is, anything else
 * as an {@link OperationError}.
 */
export function operationRejection(
  operationName: string,
  thrown: unknown,
  signal: AbortSignal | undefined,
): unknown {
  if (signal?.aborted && thrown === signal.reason) return thrown;
  if (thrown instanceof OperationError) return thrown;
  return new OperationError(operationName, StatusError.from(thrown));
}

/** The same for a listing: the reason of the caller's own signal, or a {@link ListOperationsError}. */
export function listRejection(parent: string, thrown: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted && thrown === signal.reason) return thrown;
  if (thrown instanceof ListOperationsError) return thrown;
  return new ListOperationsError(parent, StatusError.from(thrown));
}
