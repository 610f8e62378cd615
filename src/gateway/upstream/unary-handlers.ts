import type { handleUnaryCall, Server } from '@grpc/grpc-js';
import { isTransparent } from '../../core/transparent-interceptor.js';

/** A unary method as a server of grpc-js serves it. */
export interface UnaryHandler {
  readonly func: handleUnaryCall<unknown, unknown>;
  readonly deserialize: (bytes: Buffer) => unknown;
  readonly serialize: (message: unknown) => Buffer;
}

/** What a server of grpc-js keeps to itself. None of it need be there: it is looked at before it is used. */
interface ServerInternals {
  readonly handlers?: unknown;
  readonly interceptors?: unknown;
  readonly options?: unknown;
}

type PlainServer = ServerInternals & { readonly options: Readonly<Record<string, unknown>> };

/** What a server does to calls by these options it does on a connection, and nowhere else. */
const OPTIONS_OF_CALLS = ['grpc.max_send_message_length', 'grpc.server_call_metric_recording'];
/** The longest request that a server takes, in bytes; -1: any. */
const MOST_REQUEST_BYTES = 'grpc.max_receive_message_length';
/** What grpc-js takes if it is not told otherwise. */
const DEFAULT_MOST_REQUEST_BYTES = 4 * 1024 * 1024;

/**
 * The handlers of a server that does nothing to a call but hand it on: one without interceptors, and without options that
 * concern calls. There a call over a connection is one of a function, and everything around it.
 */
export class UnaryHandlers {
  readonly #handlers: ReadonlyMap<string, unknown> | undefined;
  readonly #mostRequestBytes: number;

  constructor(server: Server) {
    const internals = server as unknown as ServerInternals;
    const { handlers } = internals;
    const isKnown = handlers instanceof Map && isPlain(internals);
    this.#handlers = isKnown ? handlers : undefined;
    this.#mostRequestBytes = isKnown ? mostRequestBytes(internals) : 0;
  }

  /**
   * The handler of a method; undefined when a call of it has to go over a connection, so that the server itself answers: as
   * it has no such method, takes no request of that length, or is none of those above.
   */
  find(path: string, request: Uint8Array): UnaryHandler | undefined {
    if (request.length > this.#mostRequestBytes) return undefined;
    const handler = this.#handlers?.get(path);
    return isUnary(handler) ? handler : undefined;
  }
}

function isPlain(internals: ServerInternals): internals is PlainServer {
  const { interceptors, options } = internals;
  return (
    Array.isArray(interceptors) &&
    interceptors.every(isTransparent) &&
    typeof options === 'object' &&
    options !== null &&
    OPTIONS_OF_CALLS.every((name) => !(name in options))
  );
}

function mostRequestBytes({ options }: PlainServer): number {
  const most = options[MOST_REQUEST_BYTES] ?? DEFAULT_MOST_REQUEST_BYTES;
  return most === -1 ? Number.POSITIVE_INFINITY : Number(most);
}

function isUnary(handler: unknown): handler is UnaryHandler {
  const { type, func, deserialize, serialize } = (handler ?? {}) as Record<string, unknown>;
  const functions = [func, deserialize, serialize];
  return type === 'unary' && functions.every((candidate) => typeof candidate === 'function');
}
