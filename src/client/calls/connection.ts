import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  type Interceptor,
  type Metadata,
} from '@grpc/grpc-js';
import { OperationsService } from '../../../generated/google/longrunning/operations.js';
import { assertWireFormat } from '../../core/any.js';
import { contain } from '../../core/contain.js';
import { onAbort } from '../../core/signals.js';
import { callError } from './call-error.js';
import { ConnectionFaults } from './connection-fault.js';

/** Definition of a unary method, as ts-proto generates it. */
export interface UnaryMethod<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** Parameters of one call. */
export interface UnaryOptions {
  readonly metadata: Metadata;
  /** Milliseconds since 1970, or Infinity. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/** Target and settings of a connection. */
export interface ConnectionOptions {
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly channelOptions: ChannelOptions;
  readonly interceptors: readonly Interceptor[];
}

/** Channel of grpc-js with unary calls as promises. */
export class Connection {
  readonly #client: Client;
  readonly #closing = new AbortController();
  readonly #faults: ConnectionFaults;

  constructor({ target, credentials, channelOptions, interceptors }: ConnectionOptions) {
    const client = new Client(target, credentials, { ...channelOptions, interceptors: [...interceptors] });
    // A given channel has its own security.
    const own = channelOptions.channelOverride === undefined;
    const alone = { ...channelOptions, 'grpc.use_local_subchannel_pool': 1 };
    this.#client = client;
    this.#faults = new ConnectionFaults({
      client,
      target,
      plainText: own && !credentials._isSecure(),
      another: own ? () => new Client(target, credentials, alone) : undefined,
      closed: this.#closing.signal,
    });
  }

  /** Closes the connection. Every call on it rejects with `reason`. */
  close(reason: unknown): void {
    this.#client.close();
    this.#closing.abort(reason);
  }

  /**
   * Makes one call. An abort rejects at once with the signal's reason, and cancels the call.
   *
   * @throws StatusError with the details that the server sent; INTERNAL if the response is malformed; UNAVAILABLE if
   * the connection broke.
   */
  call<Request, Response>(
    method: UnaryMethod<Request, Response>,
    request: Request,
    { metadata, deadline, signal }: UnaryOptions,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const closing = this.#closing.signal;
      closing.throwIfAborted();
      signal?.throwIfAborted();
      const stopListening: (() => void)[] = [];
      let answered = false;
      const settle = (how: () => void) => {
        answered = true;
        for (const stop of stopListening) stop();
        how();
      };
      const call = this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        (bytes) => decode(method, bytes),
        request,
        metadata,
        { deadline },
        (thrown, response) => {
          const error = response === undefined ? callError(thrown) : undefined;
          if (error && this.#faults.concerns(error)) {
            // An abort still ends the call meanwhile.
            const explained = this.#faults.explain(error).catch(() => error);
            explained.then((fault) => settle(() => reject(fault)));
            return;
          }
          settle(() => (error ? reject(error) : resolve(response as Response)));
        },
      );
      // An interceptor can answer before the call is returned.
      if (answered) return;
      const giveUp = (reason: unknown) => {
        reject(reason);
        // An interceptor may throw into the abort signal. The caller has its answer already.
        contain(
          () => call.cancel(),
          () => {},
        );
      };
      stopListening.push(onAbort(closing, giveUp));
      stopListening.push(onAbort(signal, giveUp));
    });
  }
}

function decode<Response>(method: UnaryMethod<never, Response>, bytes: Buffer): Response {
  assertWireFormat(bytes);
  return method.responseDeserialize(bytes);
}

const { getOperation, listOperations, cancelOperation, deleteOperation } = OperationsService;

/** Methods that the service config retries. Waits retry WaitOperation themselves. */
const RETRIED = [getOperation, listOperations, cancelOperation, deleteOperation];

const SERVICE_CONFIG = {
  loadBalancingConfig: [],
  methodConfig: [
    {
      name: RETRIED.map(({ path }) => {
        const [, service, method] = path.split('/');
        return { service, method };
      }),
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: '0.5s',
        backoffMultiplier: 2,
        maxBackoff: '10s',
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
};

/** Options of every channel of a client. */
export const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.service_config': JSON.stringify(SERVICE_CONFIG),
  // Otherwise a service config from DNS would replace this one.
  'grpc.service_config_disable_resolution': 1,
  // Responses may have any size, as with Google's own clients. The default of grpc-js is 4 MiB.
  'grpc.max_receive_message_length': -1,
  // Longest backoff between attempts to connect. The default of grpc-js, two minutes, delays waits too long.
  'grpc.max_reconnect_backoff_ms': 10_000,
  // Detects a silently broken connection within 40 s while calls are on it. With more frequent pings, servers that
  // allow one every five minutes (the default of gRPC in Go, Java and C++) would count three between two answers of a
  // long poll, and close the connection.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
};

/** Additional options of wait channels, which make each a separate connection. */
export const WAIT_CHANNEL_OPTIONS: ChannelOptions = {
  // Otherwise grpc-js shares one connection among all channels with the same options.
  'grpc.use_local_subchannel_pool': 1,
};
