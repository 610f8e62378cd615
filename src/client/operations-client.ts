import {
  CancelOperationRequest,
  DeleteOperationRequest,
  GetOperationRequest,
  ListOperationsRequest,
  type ListOperationsResponse,
  type Operation,
  OperationsService,
  WaitOperationRequest,
} from '../../generated/google/longrunning/operations.js';
import { systemClock } from '../clock.js';
import type { CallOptions, NamedRequest, OperationsApi } from '../operations-api.js';
import { Code, kitError, StatusError } from '../status.js';
import { callDeadline, shortened, waitTimeoutMs } from './calls/call-deadline.js';
import { Caller } from './calls/caller.js';
import { WAIT_CHANNEL_OPTIONS } from './calls/channel-options.js';
import { Connection, type UnaryMethod } from './calls/connection.js';
import { listRejection, operationRejection } from './calls/errors.js';
import { connectionOptions, maxWaitConnections, type OperationsClientOptions } from './client-options.js';
import { type ListRequest, listOperations, type OperationListing } from './list.js';
import { type OpenOperation, operationHandles } from './operation-handles.js';
import { WaitConnections } from './waiting/wait-connections.js';

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
  readonly #caller: Caller;
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
    const { clock = systemClock, random } = options;
    const connecting = connectionOptions(options);
    const channelOptions = { ...connecting.channelOptions, ...WAIT_CHANNEL_OPTIONS };
    const closed = this.#closing.signal;
    this.#caller = new Caller({ ...options, closed });
    this.#connection = new Connection(connecting);
    this.#waits = new WaitConnections({
      maxConnections: maxWaitConnections(options),
      connect: () => new Connection({ ...connecting, channelOptions }),
      ask: (name, over, signal) => this.#isAnswered(name, over ?? this.#connection, signal),
      clock,
    });
    this.operation = operationHandles(this, { clock, random, closed });
  }

  async getOperation(request: NamedRequest<GetOperationRequest>, options?: CallOptions): Promise<Operation> {
    return this.#ofOperation(
      OperationsService.getOperation,
      GetOperationRequest.fromPartial(request),
      options,
    );
  }

  /** One page. {@link OperationsClient.list} goes through them all. */
  async listOperations(
    request: NamedRequest<ListOperationsRequest>,
    options?: CallOptions,
  ): Promise<ListOperationsResponse> {
    try {
      const message = ListOperationsRequest.fromPartial(request);
      return await this.#caller.call(this.#connection, OperationsService.listOperations, message, options);
    } catch (thrown) {
      throw listRejection(request.name, thrown, options?.signal);
    }
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

  async cancelOperation(request: NamedRequest<CancelOperationRequest>, options?: CallOptions): Promise<void> {
    const message = CancelOperationRequest.fromPartial(request);
    await this.#ofOperation(OperationsService.cancelOperation, message, options);
  }

  async deleteOperation(request: NamedRequest<DeleteOperationRequest>, options?: CallOptions): Promise<void> {
    const message = DeleteOperationRequest.fromPartial(request);
    await this.#ofOperation(OperationsService.deleteOperation, message, options);
  }

  /**
   * Without `timeoutMs` the call takes at most 10 s longer than `request.timeout`, once its turn has come; a
   * given `timeoutMs` covers the time until then. While many wait, it may answer sooner than `request.timeout`
   * allows. It is not retried.
   */
  async waitOperation(
    request: NamedRequest<WaitOperationRequest>,
    options: CallOptions = {},
  ): Promise<Operation> {
    const { name } = request;
    const { signal } = options;
    const { waitOperation } = OperationsService;
    const message = WaitOperationRequest.fromPartial(request);
    try {
      const deadline =
        options.timeoutMs === undefined ? Number.POSITIVE_INFINITY : callDeadline(options.timeoutMs);
      return await this.#waits.run({ name, deadline, signal }, ({ connection, turnMs, signal: ofTurn }) => {
        const timeout = shortened(message.timeout, turnMs);
        const timeoutMs =
          options.timeoutMs === undefined ? waitTimeoutMs(timeout) : Math.max(0, deadline - Date.now());
        const turn = { ...options, timeoutMs, signal: ofTurn };
        return this.#caller.call(connection, waitOperation, { ...message, timeout }, turn);
      });
    } catch (thrown) {
      throw operationRejection(name, thrown, signal);
    }
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #ofOperation<Request extends { name: string }, Response>(
    method: UnaryMethod<Request, Response>,
    request: Request,
    options?: CallOptions,
  ): Promise<Response> {
    try {
      return await this.#caller.call(this.#connection, method, request, options);
    } catch (thrown) {
      throw operationRejection(request.name, thrown, options?.signal);
    }
  }

  /** Resolves when the server answers, whatever it says of the operation. */
  async #isAnswered(name: string, connection: Connection, signal: AbortSignal): Promise<void> {
    try {
      await this.#caller.call(connection, OperationsService.getOperation, { name }, { signal });
    } catch (thrown) {
      if (!(thrown instanceof StatusError) || UNANSWERED.has(thrown.code)) throw thrown;
    }
  }
}

const UNANSWERED: ReadonlySet<Code> = new Set([Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED]);
