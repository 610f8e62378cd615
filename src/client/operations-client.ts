import { ChannelCredentials } from '@grpc/grpc-js';
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
import type { Clock } from '../clock.js';
import type { CallOptions, NamedRequest, OperationsApi } from '../operations-api.js';
import { Code, kitError } from '../status.js';
import { parseAddress } from './address.js';
import { callDeadline, waitTimeoutMs } from './call-deadline.js';
import { callHeaders } from './call-headers.js';
import { CHANNEL_OPTIONS } from './channel-options.js';
import { Connection, type UnaryMethod } from './connection.js';
import { operationRejection } from './errors.js';
import { type OpenOperation, operationHandles } from './operation-handles.js';

/** What an {@link OperationsClient} takes. */
export interface OperationsClientOptions {
  /** Where the server is: `host:port`, `unix:/path`, or another target of grpc-js. */
  readonly address: string;
  /**
   * How to secure the connection, and as whom. `ChannelCredentials.createInsecure()` of grpc-js asks for no
   * security at all.
   *
   * @defaultValue TLS; none to loopback (`localhost`, `127.0.0.0/8`, `[::1]`, `unix:`)
   */
  readonly credentials?: ChannelCredentials;
  /** Metadata to send with every call; names are lower-case. @defaultValue none */
  readonly headers?: Readonly<Record<string, string>>;
  /** The time that waits go by; single calls go by grpc-js's. @defaultValue the machine's */
  readonly clock?: Clock;
  /** Jitters the delays between questions: a number from 0 up to 1. @defaultValue Math.random */
  readonly random?: () => number;
}

/**
 * `google.longrunning.Operations` of a server, over gRPC.
 *
 * A call takes 10 s at most, unless its `timeoutMs` says otherwise. Get, List, Cancel and Delete are tried up to
 * five times while the server is UNAVAILABLE. Calls about an operation reject with an `OperationError`, a listing
 * with a `StatusError`, each with the code and the details that the server sent.
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
  readonly #connection: Connection;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #closing = new AbortController();

  /**
   * Connects with the first call.
   *
   * @throws TypeError when the address is malformed; StatusError INVALID_ARGUMENT when a header cannot be sent.
   */
  constructor(options: OperationsClientOptions) {
    const { target, loopback } = parseAddress(options.address);
    const { headers = {}, credentials = defaultCredentials(loopback), clock, random } = options;
    callHeaders('', headers);
    const closed = this.#closing.signal;
    this.#headers = headers;
    this.#connection = new Connection({ target, credentials, channelOptions: CHANNEL_OPTIONS, closed });
    this.operation = operationHandles(this, { clock, random, closed });
  }

  async getOperation(request: NamedRequest<GetOperationRequest>, options?: CallOptions): Promise<Operation> {
    return this.#ofOperation(
      OperationsService.getOperation,
      GetOperationRequest.fromPartial(request),
      options,
    );
  }

  async listOperations(
    request: NamedRequest<ListOperationsRequest>,
    options?: CallOptions,
  ): Promise<ListOperationsResponse> {
    return this.#call(OperationsService.listOperations, ListOperationsRequest.fromPartial(request), options);
  }

  async cancelOperation(request: NamedRequest<CancelOperationRequest>, options?: CallOptions): Promise<void> {
    const message = CancelOperationRequest.fromPartial(request);
    await this.#ofOperation(OperationsService.cancelOperation, message, options);
  }

  async deleteOperation(request: NamedRequest<DeleteOperationRequest>, options?: CallOptions): Promise<void> {
    const message = DeleteOperationRequest.fromPartial(request);
    await this.#ofOperation(OperationsService.deleteOperation, message, options);
  }

  /** Without `timeoutMs` the call takes at most 10 s longer than `request.timeout`. It is not retried. */
  async waitOperation(
    request: NamedRequest<WaitOperationRequest>,
    options?: CallOptions,
  ): Promise<Operation> {
    const message = WaitOperationRequest.fromPartial(request);
    const timeoutMs = options?.timeoutMs ?? waitTimeoutMs(message.timeout);
    return this.#ofOperation(OperationsService.waitOperation, message, { ...options, timeoutMs });
  }

  /**
   * Ends the client. Whatever is pending, and every call from now on, rejects with UNAVAILABLE "client is closed".
   * No operation is cancelled.
   */
  close(): void {
    const message = 'client is closed: make another one to go on';
    this.#closing.abort(kitError(Code.UNAVAILABLE, 'CLIENT_CLOSED', message));
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
      return await this.#call(method, request, options);
    } catch (thrown) {
      throw operationRejection(request.name, thrown, options?.signal);
    }
  }

  async #call<Request extends { name: string }, Response>(
    method: UnaryMethod<Request, Response>,
    request: Request,
    { timeoutMs, signal, headers }: CallOptions = {},
  ): Promise<Response> {
    return this.#connection.call(method, request, {
      metadata: callHeaders(request.name, this.#headers, headers),
      deadline: callDeadline(timeoutMs),
      signal,
    });
  }
}

function defaultCredentials(loopback: boolean): ChannelCredentials {
  return loopback ? ChannelCredentials.createInsecure() : ChannelCredentials.createSsl();
}
