import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gateway } from '../../gateway/index.js';
import type { CallConnections } from './call-connections.js';

/** The header by which a call knows the request of HTTP that it was. Whatever a client sends in it is overwritten. */
export const REST_REQUEST_HEADER = 'x-longrunning-rest-request';

/** A gateway that may be replaced while it is served, and whose connections can be broken off. */
export class RestFront {
  /** What is served. */
  readonly gateway: Gateway;
  #current: Gateway;
  #requests = 0;

  /** @param gateway - passes {@link REST_REQUEST_HEADER} on, as every other must. */
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
    this.gateway = Object.assign(listener, { serverOptions, onClientError, close, [Symbol.dispose]: close });
  }

  /** Has another gateway answer what comes from now on. */
  replace(gateway: Gateway): void {
    this.#current.close();
    this.#current = gateway;
  }
}
