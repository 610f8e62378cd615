import type {
  CancelOperationRequest,
  DeleteOperationRequest,
  GetOperationRequest,
  ListOperationsRequest,
  ListOperationsResponse,
  Operation,
  WaitOperationRequest,
} from '../../../generated/google/longrunning/operations.js';
import { systemClock } from '../../core/clock.js';
import type { CallOptions, NamedRequest, OperationsApi } from '../../core/operations-api.js';
import { Code, kitError } from '../../core/status.js';
import { repeatBroken } from '../calls/call-error.js';
import { Caller, unaryOperations } from '../calls/caller.js';
import { Connection, WAIT_CHANNEL_OPTIONS } from '../calls/connection.js';
import { withSubjects } from '../calls/errors.js';
import { ConnectedFetcher } from '../waiting/fetcher.js';
import { WaitConnections } from '../waiting/wait-connections.js';
import { WaitSupport } from '../waiting/wait-support.js';
import { connectionOptions, type OperationsClientOptions, waitLimits } from './client-options.js';
import { type ListRequest, listOperations, type OperationListing } from './list.js';
import { handlesOver, type OpenOperation } from './operation-handles.js';

/**
 * Client of `google.longrunning.Operations` over gRPC.
 *
 * A call takes at most 10 s, unless `timeoutMs` is given. Get, List, Cancel and Delete are tried up to five times while
 * the server is UNAVAILABLE. Calls for an operation reject with an `OperationError`, and listings with a
 * `ListOperationsError`. Both have the code and the details that the server sent.
 *
 * Long polls use separate connections, so that other calls never queue behind them.
 *
 * @example
 * ```ts
 * await using operations = new OperationsClient({ address: 'localhost:50051' });
 * const operation = operations.operation(name, ReportsOperations.exportReport);
 * const outcome = await operation.cancelAndWait({ timeoutMs: 60_000 });
 * ```
 */
export class OperationsClient implements OperationsApi, AsyncDisposable {
  /** Opens the handle of an operation, which can wait for it, cancel it and read its response. */
  readonly operation: OpenOperation;
  readonly #api: OperationsApi;
  readonly #connection: Connection;
  readonly #waits: WaitConnections;
  readonly #closing = new AbortController();

  /**
   * Creates a client, which connects at the first call.
   *
   * @throws TypeError if the address is malformed, or credentials contradict each other or would be sent in plain text;
   * StatusError INVALID_ARGUMENT for any other invalid option.
   */
  constructor(options: OperationsClientOptions) {
    const { clock = systemClock, random = Math.random } = options;
    const connecting = connectionOptions(options);
    const channelOptions = { ...connecting.channelOptions, ...WAIT_CHANNEL_OPTIONS };
    const closed = this.#closing.signal;
    const caller = new Caller({ ...options, closed });
    const connection = new Connection(connecting);
    const connections = new WaitConnections({
      ...waitLimits(options),
      connect: () => new Connection({ ...connecting, channelOptions }),
      disconnect: (unused, reason) => unused.close(reason),
      clock,
    });
    const fetcher = new ConnectedFetcher(caller, connections);
    const support = new WaitSupport(clock);
    const calls = unaryOperations((method, request, call) => {
      const limits = { timeoutMs: call?.timeoutMs, signal: call?.signal, closed, random };
      const make = (timeoutMs: number) => caller.call(connection, method, request, { ...call, timeoutMs });
      return repeatBroken(make, limits);
    });
    this.#api = withSubjects({
      ...calls,
      waitOperation: (request, call) => fetcher.waitOperation(request, call),
    });
    this.#connection = connection;
    this.#waits = connections;
    this.operation = handlesOver({
      api: this,
      fetcher,
      support,
      clock,
      random,
      closed,
      retry: options.retry,
    });
  }

  /** Fetches an operation. @throws OperationError NOT_FOUND if it does not exist, or another code of the server. */
  getOperation(request: NamedRequest<GetOperationRequest>, options?: CallOptions): Promise<Operation> {
    return this.#api.getOperation(request, options);
  }

  /**
   * Fetches one page. {@link OperationsClient.list} iterates over all pages.
   *
   * @throws ListOperationsError with the code of the server.
   */
  listOperations(
    request: NamedRequest<ListOperationsRequest>,
    options?: CallOptions,
  ): Promise<ListOperationsResponse> {
    return this.#api.listOperations(request, options);
  }

  /**
   * Lists the operations under a parent, newest first, and fetches pages during iteration. `options` apply to the call
   * for each page.
   *
   * @example
   * ```ts
   * for await (const { name } of operations.list({ name: parent, filter: 'done = false' })) console.log(name);
   * ```
   */
  list(request: ListRequest, options?: CallOptions): OperationListing {
    return listOperations(this, request, options);
  }

  /**
   * Requests cancellation. The call returns when the server has recorded the request; `cancelAndWait` of a handle
   * returns the outcome.
   *
   * @throws OperationError UNIMPLEMENTED if its method cannot be cancelled, or another code of the server.
   */
  cancelOperation(request: NamedRequest<CancelOperationRequest>, options?: CallOptions): Promise<void> {
    return this.#api.cancelOperation(request, options);
  }

  /**
   * Deletes an operation from the server without cancelling it.
   *
   * @throws OperationError with the code of the server.
   */
  deleteOperation(request: NamedRequest<DeleteOperationRequest>, options?: CallOptions): Promise<void> {
    return this.#api.deleteOperation(request, options);
  }

  /**
   * Makes one WaitOperation call. Without `timeoutMs`, it takes at most 10 s longer than `request.timeout`, counted from
   * the moment a slot is free. `timeoutMs` includes the time until then. It is not retried; `wait` of a handle waits
   * until the operation ends.
   *
   * @throws OperationError with the code of the server; UNIMPLEMENTED if it has no WaitOperation.
   */
  waitOperation(request: NamedRequest<WaitOperationRequest>, options?: CallOptions): Promise<Operation> {
    return this.#api.waitOperation(request, options);
  }

  /**
   * Closes the client. Pending and later calls reject with UNAVAILABLE "client is closed". Operations are not cancelled.
   */
  close(): void {
    const message = 'client is closed: make another one to go on';
    const reason = kitError(Code.UNAVAILABLE, 'CLIENT_CLOSED', message);
    this.#closing.abort(reason);
    this.#connection.close(this.#closing.signal.reason);
    this.#waits.close(this.#closing.signal.reason);
  }

  /** Calls {@link OperationsClient.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
