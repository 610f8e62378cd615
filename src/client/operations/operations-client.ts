import type {
  CancelOperationRequest,
  DeleteOperationRequest,
  GetOperationRequest,
  ListOperationsRequest,
  ListOperationsResponse,
  Operation,
  WaitOperationRequest,
} from '../../../generated/google/longrunning/operations.js';
import { assertTimeout, systemClock } from '../../core/clock.js';
import type { DeepPartial, OperationMethod } from '../../core/operation-method.js';
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
import type { OperationHandle } from './operation-handle.js';
import { handlesOver, type OpenOperation } from './operation-handles.js';
import { type StartCall, startOperation } from './start-operation.js';

/**
 * Client of long-running methods and of `google.longrunning.Operations` over gRPC.
 *
 * A call takes at most 10 s, unless `timeoutMs` is given. Get, List, Cancel and Delete are tried up to five times while
 * the server is UNAVAILABLE. Calls reject with an `OperationError`, which has the code and the details that the
 * server sent.
 *
 * Long polls use separate connections, so that other calls never queue behind them.
 *
 * @example
 * ```ts
 * await using client = new OperationsClient({ address: 'localhost:50051' });
 * const operation = await client.start(ReportsOperations.exportReport, { parent: 'projects/example' });
 * const outcome = await operation.cancelAndWait({ timeoutMs: 60_000 });
 * ```
 */
export class OperationsClient implements OperationsApi, AsyncDisposable {
  /** Opens the handle of an operation, which can wait for it, cancel it and read its response. */
  readonly operation: OpenOperation;
  readonly #api: OperationsApi;
  readonly #caller: Caller;
  readonly #connection: Connection;
  readonly #waits: WaitConnections;
  readonly #closing = new AbortController();

  /**
   * Creates a client, which connects at the first call.
   *
   * @throws TypeError if an option is unknown or invalid, or credentials contradict each other or would be sent in plain
   * text; StatusError INVALID_ARGUMENT for a header that cannot be sent.
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
    this.#caller = caller;
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

  /**
   * Calls a long-running method of the server, and returns the handle of the operation that it starts.
   *
   * If the request has a `request_id` field that is empty, a random id is sent (AIP-155). Calls with an id are repeated
   * up to five times while the server is UNAVAILABLE. Calls without one are made once.
   *
   * @throws StatusError of the server; TypeError for an invalid option.
   *
   * @example
   * ```ts
   * const operation = await client.start(ReportsOperations.exportReport, { parent, title: 'annual' });
   * const { uri } = await operation.result();
   * ```
   */
  async start<Request, Response, Metadata>(
    method: OperationMethod<Request, Response, Metadata>,
    request: DeepPartial<NoInfer<Request>>,
    options: CallOptions = {},
  ): Promise<OperationHandle<Response, Metadata>> {
    assertTimeout(options.timeoutMs);
    const call: StartCall = (unary, message, limits) =>
      this.#caller.call(this.#connection, unary, message, limits);
    const started = await startOperation(call, method, request, options, this.#closing.signal);
    return this.operation(started, method);
  }

  /** Fetches an operation. @throws OperationError NOT_FOUND if it does not exist, or another code of the server. */
  getOperation(request: NamedRequest<GetOperationRequest>, options?: CallOptions): Promise<Operation> {
    return this.#api.getOperation(request, options);
  }

  /**
   * Fetches one page. {@link OperationsClient.list} iterates over all pages.
   *
   * @throws OperationError with the code of the server.
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
   * for await (const { name } of client.list({ name: parent, filter: 'done = false' })) console.log(name);
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
   * Closes the client: its calls have ended once the promise resolves. Pending and later calls reject with UNAVAILABLE
   * "client is closed". Operations are not cancelled.
   */
  async close(): Promise<void> {
    const message = 'client is closed: make another one to go on';
    const reason = kitError(Code.UNAVAILABLE, 'CLIENT_CLOSED', message);
    this.#closing.abort(reason);
    this.#connection.close(this.#closing.signal.reason);
    this.#waits.close(this.#closing.signal.reason);
  }

  /** Calls {@link OperationsClient.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
