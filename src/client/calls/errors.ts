import type { CancelledOperation, FailedOperation, OperationSnapshot } from '../../core/operation.js';
import type { CallOptions, OperationsApi } from '../../core/operations-api.js';
import { Code, codeName, kitError, quoted, StatusError } from '../../core/status.js';

/**
 * A {@link StatusError} that knows which operation it is about: what the client's calls and waits reject with. Code,
 * message and details are those of the server; `cause` is the error of the layer below, where there is one.
 */
export class OperationError extends StatusError {
  override readonly name: string = 'OperationError';
  /** The resource name of the operation. */
  readonly operationName: string;

  constructor(operationName: string, status: StatusError, cause: unknown = status.cause) {
    super(status.code, status.message, status.details, causedBy(cause));
    this.operationName = operationName;
  }
}

/** A {@link StatusError} that knows what was to be listed: what listings reject with. */
export class ListOperationsError extends StatusError {
  override readonly name = 'ListOperationsError';
  /** The parent whose operations were asked for. */
  readonly parent: string;

  constructor(parent: string, status: StatusError) {
    super(status.code, status.message, status.details, causedBy(status.cause));
    this.parent = parent;
  }
}

function causedBy(cause: unknown): ErrorOptions {
  return cause === undefined ? {} : { cause };
}

type Unsuccessful = FailedOperation<unknown> | CancelledOperation<unknown>;

class EndedWithError<Ending extends Unsuccessful> extends OperationError {
  /** The end of the operation, with its metadata. */
  readonly snapshot: Ending;

  constructor(operationName: string, snapshot: Ending) {
    super(operationName, snapshot.error, snapshot.error);
    this.snapshot = snapshot;
  }
}

/** `result()`: the operation ended with an error other than CANCELLED: its code, message and details. */
export class OperationFailedError extends EndedWithError<FailedOperation<unknown>> {
  override readonly name = 'OperationFailedError';
}

/** `result()`: the server cancelled the operation. Never said of a caller that merely stopped waiting. */
export class OperationCancelledError extends EndedWithError<CancelledOperation<unknown>> {
  override readonly name = 'OperationCancelledError';
}

/** What a wait that took too long had come to know. */
export interface WaitProgress {
  /** The latest state seen; undefined when no answer came. */
  readonly snapshot: OperationSnapshot<unknown, unknown> | undefined;
  /** The error that the last question met with; undefined when it was answered. */
  readonly lastError: StatusError | undefined;
  /** Whether somebody has asked for cancellation, and the server has not answered that. */
  readonly cancelUnanswered: boolean;
}

/**
 * The caller's `timeoutMs` passed before the operation ended; the code is DEADLINE_EXCEEDED. The operation goes on.
 * `cause` is the error that the last question met with, where it was not answered. The reason of its ErrorInfo is
 * WAIT_TIMED_OUT, or CANCEL_UNANSWERED when the server may not even have heard the cancellation of `cancelAndWait`.
 */
export class WaitTimeoutError extends OperationError {
  override readonly name = 'WaitTimeoutError';
  /** The latest state seen; undefined when the server never answered. */
  readonly snapshot: OperationSnapshot<unknown, unknown> | undefined;

  constructor(
    operationName: string,
    timeoutMs: number,
    { snapshot, lastError, cancelUnanswered }: WaitProgress,
  ) {
    const last = lastError ? ` (last error: ${codeName(lastError.code)}: ${lastError.message})` : '';
    const [reason, advice] = cancelUnanswered
      ? (['CANCEL_UNANSWERED', 'CancelOperation was not answered either; cancel it again'] as const)
      : (['WAIT_TIMED_OUT', 'it goes on; wait again'] as const);
    const message = `operation ${quoted(operationName)} did not end within ${timeoutMs} ms${last}: ${advice}`;
    const metadata = { name: operationName, timeoutMs: String(timeoutMs) };
    super(operationName, kitError(Code.DEADLINE_EXCEEDED, reason, message, { metadata, cause: lastError }));
    this.snapshot = snapshot;
  }
}

/**
 * The same five methods, with errors that say what they are about: an {@link OperationError} or a
 * {@link ListOperationsError}. The reason of the caller's own signal stays as it is.
 */
export function withSubjects(api: OperationsApi): OperationsApi {
  return {
    getOperation: rejecting(api.getOperation, operationRejection),
    listOperations: rejecting(api.listOperations, listRejection),
    cancelOperation: rejecting(api.cancelOperation, operationRejection),
    deleteOperation: rejecting(api.deleteOperation, operationRejection),
    waitOperation: rejecting(api.waitOperation, operationRejection),
  };
}

type Rejection = (name: string, thrown: unknown, signal: AbortSignal | undefined) => unknown;

function rejecting<Request extends { readonly name: string }, Response>(
  call: (request: Request, options?: CallOptions) => Promise<Response>,
  rejection: Rejection,
): (request: Request, options?: CallOptions) => Promise<Response> {
  return async (request, options) => {
    try {
      return await call(request, options);
    } catch (thrown) {
      throw rejection(request.name, thrown, options?.signal);
    }
  };
}

/**
 * What a call about an operation rejects with: the reason of the caller's own signal as it is, anything else
 * as an {@link OperationError}.
 */
export const operationRejection: Rejection = (operationName, thrown, signal) => {
  if (signal?.aborted && thrown === signal.reason) return thrown;
  if (thrown instanceof OperationError) return thrown;
  return new OperationError(operationName, StatusError.from(thrown));
};

/** The same for a listing: the reason of the caller's own signal, or a {@link ListOperationsError}. */
export const listRejection: Rejection = (parent, thrown, signal) => {
  if (signal?.aborted && thrown === signal.reason) return thrown;
  if (thrown instanceof ListOperationsError) return thrown;
  return new ListOperationsError(parent, StatusError.from(thrown));
};
