import type {
  CancelOperationRequest,
  DeleteOperationRequest,
  GetOperationRequest,
  ListOperationsRequest,
  ListOperationsResponse,
  Operation,
  WaitOperationRequest,
} from '../../generated/google/longrunning/operations.js';

/** What a caller may say about one call. */
export interface CallOptions {
  /**
   * How long the call may take, retries included, in milliseconds.
   *
   * @defaultValue 10,000 over gRPC; without limit in process
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Gives the call up: it rejects with `signal.reason`. Giving up a call never cancels an operation.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal | undefined;
  /** Metadata to send with the call; names are lower-case. @defaultValue none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A request message of which only the name need be said: the other fields have their proto3 defaults. */
export type NamedRequest<Message extends { name: string }> = Pick<Message, 'name'> & Partial<Message>;

/**
 * The seam of the kit: the five methods of `google.longrunning.Operations`, as asynchronous functions.
 *
 * `OperationsClient` implements it over gRPC, `createOperations().service` in process. What is written for
 * the one works over the other. Every method rejects with a {@link StatusError}.
 */
export interface OperationsApi {
  /** Gets the latest state of an operation. @throws StatusError NOT_FOUND, INVALID_ARGUMENT. */
  getOperation(request: NamedRequest<GetOperationRequest>, options?: CallOptions): Promise<Operation>;
  /** Gets one page of the operations under a parent, newest first. */
  listOperations(
    request: NamedRequest<ListOperationsRequest>,
    options?: CallOptions,
  ): Promise<ListOperationsResponse>;
  /** Asks for an operation to be cancelled, without waiting for it. Best effort: the work may still succeed. */
  cancelOperation(request: NamedRequest<CancelOperationRequest>, options?: CallOptions): Promise<void>;
  /** Forgets an operation. It is not cancelled. */
  deleteOperation(request: NamedRequest<DeleteOperationRequest>, options?: CallOptions): Promise<void>;
  /** Answers when the operation is done or the time is up, with its latest state; perhaps early. */
  waitOperation(request: NamedRequest<WaitOperationRequest>, options?: CallOptions): Promise<Operation>;
}
