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

/** A unary method as ts-proto generates its definition. */
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

/** A grpc-js channel whose unary calls are promises. */
export class Connection {
  readonly #client: Client;
  readonly #closing = new AbortController();
  readonly #faults: ConnectionFaults;

  constructor({ target, credentials, channelOptions, interceptors }: ConnectionOptions) {
    const client = new Client(target, credentials, { ...channelOptions, interceptors: [...interceptors] });
    // A channel given from outside is secured in a way of its own.
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

  /** Ends it, and with this reason every call on it. */
  close(reason: unknown): void {
    this.#client.close();
    this.#closing.abort(reason);
  }

  /**
   * Makes one call. An abort rejects at once with the signal's reason, and takes the call back.
   *
   * @throws StatusError with the details that the server sent; INTERNAL if the response is broken; UNAVAILABLE if the
   * connection broke down.
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
            // An abort still ends it meanwhile.
            const explained = this.#faults.explain(error).catch(() => error);
            explained.then((fault) => settle(() => reject(fault)));
            return;
          }
          settle(() => (error ? reject(error) : resolve(response as Response)));
        },
      );
      // An interceptor can answer before the call is even returned.
      if (answered) return;
      const giveUp = (reason: unknown) => {
        reject(reason);
        // An interceptor may throw. Its caller has an answer already, and this is called by an abort signal.
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

/** WaitOperation is not among them: whoever waits asks again anyway, and knows for how long. */
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
  // A service config from DNS would replace this one.
  'grpc.service_config_disable_resolution': 1,
  // A response may hold any amount of data, as with Google's own clients. grpc-js allows 4 MiB by default.
  'grpc.max_receive_message_length': -1,
  // Connecting again backs off too, by itself up to two minutes: longer than anybody would wait to ask again.
  'grpc.max_reconnect_backoff_ms': 10_000,
  // A connection that died without a word is noticed within 40 s, while calls are on it. More often, and servers
  // that allow a ping every five minutes (the default of gRPC in Go, Java and C++) would count three between two
  // answers of a long-poll, and hang up.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
};

/** Further options of the channels for waits: each is a separate connection. */
export const WAIT_CHANNEL_OPTIONS: ChannelOptions = {
  // Otherwise grpc-js would let all channels with the same options share one connection.
  'grpc.use_local_subchannel_pool': 1,
};
