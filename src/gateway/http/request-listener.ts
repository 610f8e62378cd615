import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** A listener for `node:http`, `node:https` and what is built on them; it can do without its `this`. */
export interface Gateway extends Disposable {
  (request: IncomingMessage, response: ServerResponse): void;
  /** How the server is to be for the gateway's limits to hold: `createServer(gateway.serverOptions, gateway)`. */
  readonly serverOptions: ServerOptions;
  /** For the server's `clientError` event: answers in the gateway's shape what is no HTTP. */
  readonly onClientError: (error: Error, socket: Duplex) => void;
  /** Lets go of the server, and of the channel if it is the gateway's own. Later requests are answered 503. */
  close(): void;
}
