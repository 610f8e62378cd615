import { ChannelCredentials, connectivityState } from '@grpc/grpc-js';
import type { Clock } from '../../core/clock.js';
import type { CallOptions, OperationsApi } from '../../core/operations-api.js';
import { link, onAbort } from '../../core/signals.js';
import { callDeadline } from '../calls/call-deadline.js';
import { Caller, unaryOperations } from '../calls/caller.js';
import { Connection, type UnaryMethod } from '../calls/connection.js';
import { retryUnavailable } from '../calls/retry-unavailable.js';
import { ConnectedFetcher, type OperationFetcher } from '../waiting/fetcher.js';
import { WaitConnections } from '../waiting/wait-connections.js';
import type { GaxChannel } from './generated-client.js';

/**
 * Upper bound on long polls per channel. A channel of google-gax is one connection, on which Google's servers allow 100
 * calls at once. Half of them are reserved for calls that must not queue behind waits.
 */
const MAX_LONG_POLLS = 50;

/** Access to an Operations service, for calls and for waits. */
export interface OperationsAccess {
  readonly api: OperationsApi;
  readonly fetcher: OperationFetcher;
}

/**
 * Implements the five methods over the channel of a generated client, with its connection and its credentials. They
 * include WaitOperation, which google-gax does not offer. Waits beyond 50 at once poll.
 *
 * @param closed - aborts when the channel is closed.
 */
export function grpcOperations(channel: GaxChannel, closed: AbortSignal, clock: Clock): OperationsAccess {
  const connection = new Connection({
    // The existing channel determines target and security.
    target: channel.getTarget(),
    credentials: ChannelCredentials.createInsecure(),
    channelOptions: { channelOverride: channel },
    interceptors: [],
  });
  const caller = new Caller({ closed });
  const connections = new WaitConnections({
    maxConnections: 1,
    streamsPerConnection: MAX_LONG_POLLS,
    connect: () => connection,
    // The generated client owns the connection.
    disconnect: () => {},
    clock,
  });
  onAbort(closed, (reason) => {
    connection.close(reason);
    connections.close(reason);
  });
  const retried = async <Request extends { name: string }, Response>(
    method: UnaryMethod<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Response> => {
    const deadline = callDeadline(options.timeoutMs);
    // A closed client is UNAVAILABLE too, but must not be retried.
    const linked = link(options.signal, closed);
    const limits = { deadline, signal: linked.signal };
    try {
      return await retryUnavailable(limits, (timeoutMs) =>
        caller.call(connection, method, request, { ...options, timeoutMs, signal: linked.signal }),
      );
    } finally {
      linked[Symbol.dispose]();
    }
  };
  const fetcher = new ConnectedFetcher(caller, connections);
  const waitOperation: OperationsApi['waitOperation'] = (request, options) =>
    fetcher.waitOperation(request, options);
  return { api: { ...unaryOperations(retried), waitOperation }, fetcher };
}

/** Calls `listener` once when the channel is closed, or at once if it is. Does not keep the process alive. */
export function onChannelClosed(channel: GaxChannel, listener: () => void): void {
  const state = channel.getConnectivityState(false);
  if (state === connectivityState.SHUTDOWN) listener();
  else
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => onChannelClosed(channel, listener));
}
