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
import { Poller } from '../waiting/poller.js';
import { WaitConnections } from '../waiting/wait-connections.js';
import { connectionOptions, type OperationsClientOptions, waitLimits } from './client-options.js';
import { type ListRequest, listOperations, type OperationListing } from './list.js';
import { handlesOver, type OpenOperation } from './operation-handles.js';

/**
 * `google.longrunning.Operations` of a server, over gRPC.
 *
 * A call takes 10 s at most, unless its `timeoutMs` says otherwise. Get, List, Cancel and Delete are tried up to
 * five times while the server is UNAVAILABLE. Calls about an operation reject with an `OperationError`, listings
 * with a `ListOperationsError`, each with the code and the details that the server sent.
 *
 * Long-polls go over connections of their own: however many there are, no other call stands behind them.
 *
 * @example
 * ```ts
 * await using operations = new OperationsClient({ address: 'localhost:50051' });
 * const operation = operations.operation(name, ReportsOperations.exportReport);
 * const outcome = await operation.cancelAndWait({ timeoutMs: 60_000 });
 * ```
 */
export class OperationsClient implements OperationsApi, AsyncDisposable {
  /** Makes the handle of an operation: to await it, to cancel it, to get its response. */
  readonly operation: OpenOperation;
  readonly #api: OperationsApi;
  readonly #connection: Connection;
  readonly #waits: WaitConnections;
  readonly #closing = new AbortController();

  /**
   * Connects with the first call.
   *
   * @throws TypeError when the address is malformed, or credentials contradict each other or would be seen by
   * others; StatusError INVALID_ARGUMENT for another option that cannot be.
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
    const fetcher = new ConnectedFetcher({ caller, connections, clock });
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
    const poller = new Poller({ fetcher, clock, random });
    this.operation = handlesOver({ api: this, poller, clock, random, closed, retry: options.retry });
  }

  /** @throws OperationError NOT_FOUND when there is none of that name, or any other code of the server. */
  getOperation(request: NamedRequest<GetOperationRequest>, options?: CallOptions): Promise<Operation> {
    return this.#api.getOperation(request, options);
  }

  /**
   * One page. {@link OperationsClient.list} goes through them all.
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
   * Goes through the operations under a parent, newest first, and gets pages as it goes. `options` are those of
   * the call for each page.
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
   * Asks for an operation to be cancelled. Answered as soon as the server has noted it; `cancelAndWait` of a handle
   * tells what came of it.
   *
   * @throws OperationError UNIMPLEMENTED when its method cannot be cancelled, or any other code of the server.
   */
  cancelOperation(request: NamedRequest<CancelOperationRequest>, options?: CallOptions): Promise<void> {
    return this.#api.cancelOperation(request, options);
  }

  /**
   * Lets the server forget an operation. It is not cancelled.
   *
   * @throws OperationError with the code of the server.
   */
  deleteOperation(request: NamedRequest<DeleteOperationRequest>, options?: CallOptions): Promise<void> {
    return this.#api.deleteOperation(request, options);
  }

  /**
   * Makes one WaitOperation call. Without `timeoutMs` it takes at most 10 s longer than `request.timeout`, from the
   * moment that a slot is free; a given `timeoutMs` covers the time until then. It is not retried; `wait` of a handle
   * waits until the operation ends.
   *
   * @throws OperationError with the code of the server; UNIMPLEMENTED when it has no WaitOperation.
   */
  waitOperation(request: NamedRequest<WaitOperationRequest>, options?: CallOptions): Promise<Operation> {
    return this.#api.waitOperation(request, options);
  }

  /**
   * Ends the client. Whatever is pending, and every call from now on, rejects with UNAVAILABLE "client is closed".
   * No operation is cancelled.
   */
  close(): void {
    const message = 'client is closed: make another one to go on';
    const reason = kitError(Code.UNAVAILABLE, 'CLIENT_CLOSED', message);
    this.#closing.abort(reason);
    this.#connection.close(this.#closing.signal.reason);
    this.#waits.close(this.#closing.signal.reason);
  }

  /** {@link OperationsClient.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
