import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Listener for `node:http`, `node:https` and frameworks on top of them. It does not depend on `this`. */
export interface Gateway extends Disposable {
  (request: IncomingMessage, response: ServerResponse): void;
  /** Server options that the gateway's limits require: `createServer(gateway.serverOptions, gateway)`. */
  readonly serverOptions: ServerOptions;
  /** Listener for the server's `clientError` event. Answers invalid HTTP with the gateway's error body. */
  readonly onClientError: (error: Error, socket: Duplex) => void;
  /** Releases the server, and closes the channel if the gateway owns it. Later requests are answered with 503. */
  close(): void;
}
