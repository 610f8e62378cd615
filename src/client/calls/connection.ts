import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  type Interceptor,
  type Metadata,
} from '@grpc/grpc-js';
import { onAbort } from '../../signals.js';
import { Code, kitError, StatusError } from '../../status.js';
import { assertWireFormat } from '../../wire-format.js';
import { ConnectionFaults } from './connection-fault.js';

/** A unary method as ts-proto generates its definition. */
export interface UnaryMethod<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** What goes with one call. */
export interface UnaryOptions {
  readonly metadata: Metadata;
  /** Milliseconds since 1970, or Infinity. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/** Where to connect to, and how. */
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
   * Resolves once there is a connection to the server.
   *
   * @throws `signal.reason` on abort; StatusError when it is closed first.
   */
  ready(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stopListening = onAbort(signal, reject);
      this.#client.waitForReady(Number.POSITIVE_INFINITY, (error) => {
        stopListening();
        if (error) reject(StatusError.from(error));
        else resolve();
      });
    });
  }

  /**
   * Makes one call. An abort rejects at once with the signal's reason, and takes the call back.
   *
   * @throws StatusError with the details that the server sent; INTERNAL when the response is broken; UNAVAILABLE
   * when the connection broke down.
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
            this.#faults.explain(error).then((explained) => settle(() => reject(explained)));
            return;
          }
          settle(() => (error ? reject(error) : resolve(response as Response)));
        },
      );
      // An interceptor can answer before the call is even returned.
      if (answered) return;
      const giveUp = (reason: unknown) => {
        reject(reason);
        call.cancel();
      };
      stopListening.push(onAbort(closing, giveUp));
      stopListening.push(onAbort(signal, giveUp));
    });
  }
}

/** What grpc-js says when a connection breaks down under a call, as when the server closes it for an error. */
const BROKEN_DOWN = /^Received RST_STREAM with code \d+ triggered by internal client error: /;

/** That a connection broke down says nothing of the call, though the code that grpc-js has for it is INTERNAL. */
function callError(thrown: unknown): StatusError {
  const error = StatusError.from(thrown);
  if (error.code !== Code.INTERNAL || !BROKEN_DOWN.test(error.message)) return error;
  const message = `connection broke down (${error.message}): ask again`;
  return kitError(Code.UNAVAILABLE, 'CONNECTION_BROKEN', message, { cause: error });
}

/**
 * Whether a call was turned away by HTTP/2 before the server looked at it. Node's servers do so when a stream is
 * opened while one that was just given up still counts; grpc-js has this message for it, and no details.
 */
export function isTurnedAway({ code, message, details }: StatusError): boolean {
  return (
    code === Code.RESOURCE_EXHAUSTED &&
    details.length === 0 &&
    message === 'Bandwidth exhausted or memory limit exceeded'
  );
}

function decode<Response>(method: UnaryMethod<never, Response>, bytes: Buffer): Response {
  assertWireFormat(bytes);
  return method.responseDeserialize(bytes);
}
