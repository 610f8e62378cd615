import { assertTimeout } from '../../core/clock.js';
import type { CancelledOperation, FailedOperation, OperationSnapshot } from '../../core/operation.js';
import type { CallOptions, OperationsApi } from '../../core/operations-api.js';
import { Code, codeName, kitError, quoted, StatusError } from '../../core/status.js';

/**
 * Error of a call or a wait for one operation, or of a listing. Code, message and details are those of the server.
 * `cause` is the error of the layer below, if there is one.
 */
export class OperationError extends StatusError {
  /** @internal */
  static override readonly brand: string = 'longrunning.OperationError';
  override readonly name: string = 'OperationError';
  /** Resource name of the operation; of a listing, the parent. */
  readonly operationName: string;

  constructor(operationName: string, status: StatusError, cause: unknown = status.cause) {
    super(status.code, status.message, status.details, causedBy(cause));
    this.operationName = operationName;
  }
}

function causedBy(cause: unknown): ErrorOptions {
  return cause === undefined ? {} : { cause };
}

type Unsuccessful = FailedOperation<unknown> | CancelledOperation<unknown>;

class EndedWithError<Ending extends Unsuccessful> extends OperationError {
  /** Final state of the operation, with its metadata. */
  readonly snapshot: Ending;

  constructor(operationName: string, snapshot: Ending) {
    super(operationName, snapshot.error, snapshot.error);
    this.snapshot = snapshot;
  }
}

/** Error of `result()` if the operation failed, with the code, message and details of its error. */
export class OperationFailedError extends EndedWithError<FailedOperation<unknown>> {
  /** @internal */
  static override readonly brand: string = 'longrunning.OperationFailedError';
  override readonly name = 'OperationFailedError';
}

/** Error of `result()` if the operation was cancelled. A caller that stops waiting does not get it. */
export class OperationCancelledError extends EndedWithError<CancelledOperation<unknown>> {
  /** @internal */
  static override readonly brand: string = 'longrunning.OperationCancelledError';
  override readonly name = 'OperationCancelledError';
}

/** Knowledge of a wait at its timeout. */
export interface WaitProgress {
  /** Latest state; undefined if the server never answered. */
  readonly snapshot: OperationSnapshot<unknown, unknown> | undefined;
  /** Error of the latest request; undefined if it was answered. */
  readonly lastError: StatusError | undefined;
  /** True if cancellation was requested and the server has not answered. */
  readonly cancelUnanswered: boolean;
}

/**
 * Error of a wait whose `timeoutMs` passed before the operation ended, with code DEADLINE_EXCEEDED. The operation
 * continues. `cause` is the error of the latest request, if it failed. The ErrorInfo has reason WAIT_TIMED_OUT, or
 * CANCEL_UNANSWERED if the server may not have received the cancellation of `cancelAndWait`.
 */
export class WaitTimeoutError extends OperationError {
  /** @internal */
  static override readonly brand: string = 'longrunning.WaitTimeoutError';
  override readonly name = 'WaitTimeoutError';
  /** Latest state; undefined if the server never answered. */
  readonly snapshot: OperationSnapshot<unknown, unknown> | undefined;

  constructor(
    operationName: string,
    timeoutMs: number,
    { snapshot, lastError, cancelUnanswered }: WaitProgress,
  ) {
    const last = lastError ? ` (last error: ${codeName(lastError.code)}: ${lastError.message})` : '';
    const [reason, advice] = cancelUnanswered
      ? (['CANCEL_UNANSWERED', 'CancelOperation was not answered either; cancel it again'] as const)
      : (['WAIT_TIMED_OUT', 'it continues; wait again'] as const);
    const message = `operation ${quoted(operationName)} did not end within ${timeoutMs} ms${last}: ${advice}`;
    const metadata = { name: operationName, timeoutMs: String(timeoutMs) };
    super(operationName, kitError(Code.DEADLINE_EXCEEDED, reason, message, { metadata, cause: lastError }));
    this.snapshot = snapshot;
  }
}

/**
 * Wraps the five methods to reject with an {@link OperationError}, or a TypeError for an invalid option. The abort reason
 * of the caller's signal is unchanged.
 */
export function withSubjects(api: OperationsApi): OperationsApi {
  return {
    getOperation: rejecting(api.getOperation),
    listOperations: rejecting(api.listOperations),
    cancelOperation: rejecting(api.cancelOperation),
    deleteOperation: rejecting(api.deleteOperation),
    waitOperation: rejecting(api.waitOperation),
  };
}

function rejecting<Request extends { readonly name: string }, Response>(
  call: (request: Request, options?: CallOptions) => Promise<Response>,
): (request: Request, options?: CallOptions) => Promise<Response> {
  return async (request, options) => {
    assertTimeout(options?.timeoutMs);
    try {
      return await call(request, options);
    } catch (thrown) {
      throw operationRejection(request.name, thrown, options?.signal);
    }
  };
}

/** Converts an error to an {@link OperationError}. The abort reason of the caller's signal is unchanged. */
export function operationRejection(
  operationName: string,
  thrown: unknown,
  signal: AbortSignal | undefined,
): unknown {
  if (signal?.aborted && thrown === signal.reason) return thrown;
  if (thrown instanceof OperationError) return thrown;
  return new OperationError(operationName, StatusError.from(thrown));
}
