import type { IncomingHttpHeaders, IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import type { RequestHandler } from './handler.js';
import { LINGER_MS, MAX_PIPELINED, oweAnswer } from './http/client-error.js';
import { holdUntilTaken } from './http/connection-memory.js';
import type { HttpAnswer, HttpRequest } from './http/http-message.js';
import { type HttpRefusal, tooManyPipelined } from './http/http-refusal.js';
import type { CheckedLimits } from './http/limits.js';
import { readBody } from './http/read-body.js';

/** Listener for the `request` event of a `node:http` server. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void;

/** Dependencies of a {@link NodeListener}. */
interface ListenerParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Rejects a request and closes its connection. */
  readonly refuse: (refusal: HttpRefusal, connection: Socket) => void;
}

export function nodeListener(
  handler: RequestHandler,
  limits: CheckedLimits,
  { clock, logger, refuse }: ListenerParts,
): NodeListener {
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const received = new NodeRequest(request, response, limits, clock);
    const answer = await handler.handle(received);
    received.answered();
    if (response.destroyed) return;
    send(request, response, answer, clock);
    holdUntilTaken(response, request.socket, answer.body?.length ?? 0, limits);
  };
  return (request, response) => {
    const { socket } = request;
    if (!oweAnswer(socket, response)) {
      refuse(tooManyPipelined(MAX_PIPELINED), socket);
      return;
    }
    serve(request, response).catch((error) => {
      // Middleware may have replaced methods of the response.
      logger.error({ err: error }, 'answer could not be sent');
      socket.destroy();
    });
  };
}

/** Request of `node:http`. */
class NodeRequest implements HttpRequest {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #limits: CheckedLimits;
  readonly #clock: Clock;
  #gone: AbortController | undefined;
  #stopListening = () => {};

  constructor(request: IncomingMessage, response: ServerResponse, limits: CheckedLimits, clock: Clock) {
    this.#request = request;
    this.#response = response;
    this.#limits = limits;
    this.#clock = clock;
  }

  get httpMethod(): string {
    return this.#request.method ?? '';
  }

  get rawUrl(): string {
    return this.#request.url ?? '';
  }

  get headers(): IncomingHttpHeaders {
    return this.#request.headers;
  }

  get rawHeaders(): readonly string[] {
    return this.#request.rawHeaders;
  }

  get httpVersion(): string {
    return this.#request.httpVersion;
  }

  get remoteAddress(): string | undefined {
    return this.#request.socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#request.socket.remotePort;
  }

  get signal(): AbortSignal {
    this.#gone ??= this.#watch();
    return this.#gone.signal;
  }

  readBody(): Promise<Buffer> {
    return readBody(this.#request, this.#limits, this.#clock);
  }

  /** Stops watching for a disconnect once the request has been answered. */
  answered(): void {
    this.#stopListening();
  }

  #watch(): AbortController {
    const gone = new AbortController();
    const response = this.#response;
    const { socket } = this.#request;
    if (socket.destroyed || response.destroyed) gone.abort();
    this.#stopListening = onDisconnect(socket, () => gone.abort());
    // Abort only if the response is unfinished, because aborting is expensive.
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    return gone;
  }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: HttpAnswer,
  clock: Clock,
): void {
  response.statusCode = status;
  // writeHead would hide the headers from middleware that logs or measures responses.
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, sendableValue(value));
  if (body === undefined) {
    response.end();
    return;
  }
  response.setHeader('content-length', Buffer.byteLength(body));
  const isBroken = headers.connection === 'close' && !request.complete;
  if (!isBroken) {
    response.end(body);
    return;
  }
  response.write(body);
  linger(request, () => response.end(), clock);
}

/** Characters that Node rejects in header values. Middleware may have set an `x-request-id` of any text. */
const UNSENDABLE = /[^\t -~\x80-\xff]/g;

function sendableValue(value: string | readonly string[]): string | string[] {
  return typeof value === 'string'
    ? value.replace(UNSENDABLE, '?')
    : value.map((line) => line.replace(UNSENDABLE, '?'));
}

/** Keeps reading for a while. Closing a connection with unread bytes resets it, which can lose the response. */
function linger(request: IncomingMessage, end: () => void, clock: Clock): void {
  const stopTimer = clock.setTimer(end, LINGER_MS, { background: true });
  request.once('close', () => {
    stopTimer();
    end();
  });
  request.once('end', () => {
    stopTimer();
    end();
  });
  request.resume();
}

/**
 * Options of a `node:http` server for a gateway. With them the gateway answers 414, 431, and 400 for a missing
 * Host header, and headers must arrive in time.
 */
export function serverOptions({ headerBytes, urlBytes, arrivalMs }: CheckedLimits): ServerOptions {
  return {
    maxHeaderSize: 2 * (headerBytes + urlBytes),
    requireHostHeader: false,
    headersTimeout: arrivalMs,
    // Both start with the request. Node closes the connection after the gateway's own time limit for the body.
    requestTimeout: 2 * arrivalMs + LINGER_MS,
    connectionsCheckingInterval: Math.min(arrivalMs, 1000),
  };
}

const listenersOf = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls `listener` when the connection closes. Returns a function that unsubscribes.
 *
 * With pipelining many requests wait on one connection. Node reports its end only to the request whose turn it
 * is, and one socket listener per request would exceed the listener limit.
 */
function onDisconnect(socket: Socket, listener: () => void): () => void {
  const listeners = listenersOf.get(socket) ?? watch(socket);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function watch(socket: Socket): Set<() => void> {
  const listeners = new Set<() => void>();
  listenersOf.set(socket, listeners);
  socket.once('close', () => {
    for (const listener of listeners) listener();
  });
  return listeners;
}
