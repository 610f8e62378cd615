import type { IncomingHttpHeaders, IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Header fields by lower-case name. Each item of a list is sent as a separate line. */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>;

/** HTTP request, reduced to what a gateway needs. */
export interface HttpRequest {
  readonly httpMethod: string;
  /** URL as received: neither decoded nor normalized. */
  readonly rawUrl: string;
  readonly headers: IncomingHttpHeaders;
  /** Alternating names and values, as received. */
  readonly rawHeaders: readonly string[];
  /** `1.1` */
  readonly httpVersion: string;
  /**
   * Reads the body. Can be called once.
   *
   * @throws StatusError if the body is too long, too slow or cut off.
   */
  readBody(): Promise<Buffer>;
  /** Address of the peer. Undefined if it has none or the connection is closed. */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** Aborts when nobody waits for the response any more. Created lazily. */
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: HeaderFields;
  /** Undefined if there is no body. The headers contain its content type. */
  readonly body: string | undefined;
}

/** Listener for `node:http`, `node:https` and frameworks on top of them. It does not depend on `this`. */
export interface Gateway extends AsyncDisposable {
  (request: IncomingMessage, response: ServerResponse): void;
  /** Server options that the gateway's limits require: `createServer(gateway.serverOptions, gateway)`. */
  readonly serverOptions: ServerOptions;
  /** Listener for the server's `clientError` event. Answers invalid HTTP with the gateway's error body. */
  readonly onClientError: (error: Error, socket: Duplex) => void;
  /** Releases the server, and closes the channel if the gateway owns it. Later requests are answered with 503. */
  close(): Promise<void>;
}
