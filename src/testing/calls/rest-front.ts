import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gateway } from '../../gateway/index.js';
import type { CallConnections } from './connections.js';

/** Header that maps a call to its HTTP request. Client values are overwritten. */
export const REST_REQUEST_HEADER = 'x-longrunning-rest-request';

/** Gateway that can be replaced while it is served, and whose connections can be broken. */
export class RestFront {
  /** Listener to serve. */
  readonly gateway: Gateway;
  #current: Gateway;
  #requests = 0;

  /** @param gateway - must forward {@link REST_REQUEST_HEADER}, like every replacement. */
  constructor(gateway: Gateway, connections: CallConnections) {
    this.#current = gateway;
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      const key = `REST ${++this.#requests}`;
      request.headers[REST_REQUEST_HEADER] = key;
      connections.add(key, {
        drop: () => request.socket.destroy(),
        goAway: () => {
          response.shouldKeepAlive = false;
        },
      });
      response.once('close', () => connections.remove(key));
      this.#current(request, response);
    };
    const { serverOptions, onClientError } = gateway;
    const close = () => this.#current.close();
    this.gateway = Object.assign(listener, {
      serverOptions,
      onClientError,
      close,
      [Symbol.asyncDispose]: close,
    });
  }

  /** Replaces the gateway for new requests. */
  replace(gateway: Gateway): void {
    this.#current.close();
    this.#current = gateway;
  }
}
