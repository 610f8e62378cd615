import type {
  CancelOperationRequest,
  DeleteOperationRequest,
  GetOperationRequest,
  ListOperationsRequest,
  ListOperationsResponse,
  Operation,
  WaitOperationRequest,
} from '../../generated/google/longrunning/operations.js';

/** Options of one call. */
export interface CallOptions {
  /**
   * Time limit of the call in milliseconds, retries included.
   *
   * @defaultValue 10,000 over gRPC; no limit in process
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Abandons the call, which rejects with `signal.reason`. Abandoning a call never cancels an operation.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal | undefined;
  /** Metadata to send with the call; names are lower-case. @defaultValue none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Request message whose `name` is required. The other fields default to their proto3 defaults. */
export type NamedRequest<Message extends { name: string }> = Pick<Message, 'name'> & Partial<Message>;

/**
 * The five methods of `google.longrunning.Operations` as asynchronous functions: the interface between the
 * layers of the kit.
 *
 * `OperationsClient` implements it over gRPC, `createOperations().api` in process. Code that is written
 * against this interface works with both. Every method rejects with a {@link StatusError}.
 */
export interface OperationsApi {
  /** Gets the latest state of an operation. @throws StatusError NOT_FOUND, INVALID_ARGUMENT. */
  getOperation(request: NamedRequest<GetOperationRequest>, options?: CallOptions): Promise<Operation>;
  /** Gets one page of the operations under a parent, newest first. */
  listOperations(
    request: NamedRequest<ListOperationsRequest>,
    options?: CallOptions,
  ): Promise<ListOperationsResponse>;
  /**
   * Requests cancellation of an operation and returns without waiting for it. Best effort: the work may still
   * succeed.
   */
  cancelOperation(request: NamedRequest<CancelOperationRequest>, options?: CallOptions): Promise<void>;
  /** Deletes the record of an operation. Does not cancel the operation. */
  deleteOperation(request: NamedRequest<DeleteOperationRequest>, options?: CallOptions): Promise<void>;
  /**
   * Returns the latest state once the operation is done or the timeout expires. The server may return early.
   */
  waitOperation(request: NamedRequest<WaitOperationRequest>, options?: CallOptions): Promise<Operation>;
}
