import { ChannelCredentials, connectivityState } from '@grpc/grpc-js';
import type { Clock } from '../../core/clock.js';
import type { CallOptions, OperationsApi } from '../../core/operations-api.js';
import { link, onAbort } from '../../core/signals.js';
import { callDeadline } from '../calls/call-deadline.js';
import { Caller, unaryOperations } from '../calls/caller.js';
import { Connection, type UnaryMethod } from '../calls/connection.js';
import { ConnectedFetcher, type OperationFetcher } from '../waiting/fetcher.js';
import { WaitConnections } from '../waiting/wait-connections.js';
import type { GaxChannel } from './generated-client.js';
import { retryUnavailable } from './retry.js';

/**
 * A channel of google-gax is one connection, on which Google's servers allow a hundred calls at once. Half of them
 * are left to calls that are not to stand in line behind waits.
 */
const MAX_LONG_POLLS = 50;

/** The ways to an Operations service. */
export interface OperationsAccess {
  readonly api: OperationsApi;
  readonly fetcher: OperationFetcher;
}

/**
 * The five methods, natively, over the channel of a generated client: with its connection and its credentials.
 * WaitOperation is among them, though google-gax has no function for it. Beyond fifty at once, waits poll.
 *
 * @param closed - aborts when somebody has closed the channel.
 */
export function grpcOperations(channel: GaxChannel, closed: AbortSignal, clock: Clock): OperationsAccess {
  const connection = new Connection({
    // Where the channel goes, and how it is secured, is settled.
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
    // It is the generated client's.
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
    // That the client is closed reads as UNAVAILABLE too, and stays so.
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
  const fetcher = new ConnectedFetcher({ caller, connections, clock });
  const waitOperation: OperationsApi['waitOperation'] = (request, options) =>
    fetcher.waitOperation(request, options);
  return { api: { ...unaryOperations(retried), waitOperation }, fetcher };
}

/** Calls `listener` once when somebody has closed the channel, at once if it is closed. Keeps no process alive. */
export function onChannelClosed(channel: GaxChannel, listener: () => void): void {
  const state = channel.getConnectivityState(false);
  if (state === connectivityState.SHUTDOWN) listener();
  else
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => onChannelClosed(channel, listener));
}
