import { type ChannelCredentials, type ChannelOptions, Client, type Metadata } from '@grpc/grpc-js';
import { onAbort } from '../signals.js';
import { StatusError } from '../status.js';
import { assertWireFormat } from '../wire-format.js';

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

/** Where to connect to, and for how long. */
export interface ConnectionOptions {
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly channelOptions: ChannelOptions;
  /** Ends the connection, and with its reason every call on it. */
  readonly closed: AbortSignal;
}

/** A grpc-js channel whose unary calls are promises. */
export class Connection {
  readonly #client: Client;
  readonly #closed: AbortSignal;

  constructor({ target, credentials, channelOptions, closed }: ConnectionOptions) {
    const client = new Client(target, credentials, channelOptions);
    onAbort(closed, () => client.close());
    this.#client = client;
    this.#closed = closed;
  }

  /**
   * Makes one call. An abort rejects at once with the signal's reason, and takes the call back.
   *
   * @throws StatusError with the details that the server sent; INTERNAL when the response is broken.
   */
  call<Request, Response>(
    method: UnaryMethod<Request, Response>,
    request: Request,
    { metadata, deadline, signal }: UnaryOptions,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#closed.throwIfAborted();
      signal?.throwIfAborted();
      const call = this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        (bytes) => decode(method, bytes),
        request,
        metadata,
        { deadline },
        (error, response) => {
          for (const stop of stopListening) stop();
          if (response === undefined) reject(StatusError.from(error));
          else resolve(response);
        },
      );
      const giveUp = (reason: unknown) => {
        reject(reason);
        call.cancel();
      };
      const stopListening = [onAbort(this.#closed, giveUp), signal ? onAbort(signal, giveUp) : () => {}];
    });
  }
}

function decode<Response>(method: UnaryMethod<never, Response>, bytes: Buffer): Response {
  assertWireFormat(bytes);
  return method.responseDeserialize(bytes);
}
