import { ChannelCredentials, connectivityState } from '@grpc/grpc-js';
import {
  CancelOperationRequest,
  DeleteOperationRequest,
  GetOperationRequest,
  ListOperationsRequest,
  type ListOperationsResponse,
  type Operation,
  OperationsService,
  WaitOperationRequest,
} from '../../../generated/google/longrunning/operations.js';
import type { CallOptions, NamedRequest, OperationsApi } from '../../operations-api.js';
import { link, onAbort } from '../../signals.js';
import { callDeadline, waitTimeoutMs } from '../calls/call-deadline.js';
import { callHeaders } from '../calls/call-headers.js';
import { Connection, type UnaryMethod } from '../calls/connection.js';
import type { GaxChannel } from './operations-client.js';
import { retryUnavailable } from './retry.js';

/**
 * A channel of google-gax is one connection, on which Google's servers allow a hundred calls at once. Half of them
 * are left to calls that are not to stand in line behind waits.
 */
const MAX_LONG_POLLS = 50;

/**
 * The five methods, natively, over the channel of a generated client: with its connection and its credentials.
 * WaitOperation is among them, though google-gax has no function for it.
 */
export class GaxGrpcOperations implements OperationsApi {
  readonly #connection: Connection;
  readonly #closed: AbortSignal;
  #longPolls = 0;

  constructor(channel: GaxChannel, closed: AbortSignal) {
    this.#connection = new Connection({
      // Where the channel goes, and how it is secured, is settled.
      target: channel.getTarget(),
      credentials: ChannelCredentials.createInsecure(),
      channelOptions: { channelOverride: channel },
      interceptors: [],
    });
    this.#closed = closed;
    onAbort(closed, (reason) => this.#connection.close(reason));
  }

  async getOperation(request: NamedRequest<GetOperationRequest>, options?: CallOptions): Promise<Operation> {
    return this.#retried(OperationsService.getOperation, GetOperationRequest.fromPartial(request), options);
  }

  async listOperations(
    request: NamedRequest<ListOperationsRequest>,
    options?: CallOptions,
  ): Promise<ListOperationsResponse> {
    const message = ListOperationsRequest.fromPartial(request);
    return this.#retried(OperationsService.listOperations, message, options);
  }

  async cancelOperation(request: NamedRequest<CancelOperationRequest>, options?: CallOptions): Promise<void> {
    const message = CancelOperationRequest.fromPartial(request);
    await this.#retried(OperationsService.cancelOperation, message, options);
  }

  async deleteOperation(request: NamedRequest<DeleteOperationRequest>, options?: CallOptions): Promise<void> {
    const message = DeleteOperationRequest.fromPartial(request);
    await this.#retried(OperationsService.deleteOperation, message, options);
  }

  /** Beyond fifty at once it asks for the state and no more, as a server may that answers early. */
  async waitOperation(
    request: NamedRequest<WaitOperationRequest>,
    options: CallOptions = {},
  ): Promise<Operation> {
    if (this.#longPolls >= MAX_LONG_POLLS) return this.getOperation({ name: request.name }, options);
    const message = WaitOperationRequest.fromPartial(request);
    const deadline = callDeadline(options.timeoutMs ?? waitTimeoutMs(message.timeout));
    this.#longPolls++;
    try {
      return await this.#call(OperationsService.waitOperation, message, { ...options, deadline });
    } finally {
      this.#longPolls--;
    }
  }

  async #retried<Request extends { name: string }, Response>(
    method: UnaryMethod<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Response> {
    const deadline = callDeadline(options.timeoutMs);
    // That the client is closed reads as UNAVAILABLE too, and stays so.
    const linked = link(options.signal, this.#closed);
    const limits = { deadline, signal: linked.signal };
    try {
      return await retryUnavailable(limits, () => this.#call(method, request, { ...options, ...limits }));
    } finally {
      linked[Symbol.dispose]();
    }
  }

  async #call<Request extends { name: string }, Response>(
    method: UnaryMethod<Request, Response>,
    request: Request,
    { deadline, signal, headers }: CallOptions & { readonly deadline: number },
  ): Promise<Response> {
    const metadata = callHeaders(request.name, headers);
    return this.#connection.call(method, request, { metadata, deadline, signal });
  }
}

/** Calls `listener` once when somebody has closed the channel, at once if it is closed. Keeps no process alive. */
export function onChannelClosed(channel: GaxChannel, listener: () => void): void {
  const state = channel.getConnectivityState(false);
  if (state === connectivityState.SHUTDOWN) listener();
  else
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => onChannelClosed(channel, listener));
}
