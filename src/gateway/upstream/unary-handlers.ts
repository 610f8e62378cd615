import type { handleUnaryCall, Server } from '@grpc/grpc-js';
import { isTransparent } from '../../core/transparent-interceptor.js';

/** Unary method of a grpc-js server. */
export interface UnaryHandler {
  readonly func: handleUnaryCall<unknown, unknown>;
  readonly deserialize: (bytes: Buffer) => unknown;
  readonly serialize: (message: unknown) => Buffer;
}

/** Private fields of a grpc-js server. Each is checked before use, because any may be missing. */
interface ServerInternals {
  readonly handlers?: unknown;
  readonly interceptors?: unknown;
  readonly options?: unknown;
}

type PlainServer = ServerInternals & { readonly options: Readonly<Record<string, unknown>> };

/** Options whose effect on calls requires a connection. */
const OPTIONS_OF_CALLS = ['grpc.max_send_message_length', 'grpc.server_call_metric_recording'];
/** Longest request that a server accepts, in bytes. -1 means unlimited. */
const MOST_REQUEST_BYTES = 'grpc.max_receive_message_length';
/** Default of grpc-js. */
const DEFAULT_MOST_REQUEST_BYTES = 4 * 1024 * 1024;

/**
 * Handlers of a server that passes calls on unchanged: it has no interceptors, and no options that affect calls.
 * For such a server a call is a function call plus work that only a connection needs.
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
   * Finds the handler of a method. Returns undefined if the call needs a connection so that the server itself
   * answers: the method is unknown, the request too long, or the server affects calls.
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
