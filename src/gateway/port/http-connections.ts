import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { contain } from '../../core/contain.js';
import type { Logger } from '../../core/logger.js';
import type { Gateway } from '../http/http-message.js';
import { requestTooSlow, tunnelRefused } from '../http/http-refusal.js';
import { createServer } from '../http/node-http.js';

/** Serves HTTP/1.1 connections that another server has accepted. */
export class HttpConnections {
  readonly #gateway: Gateway;
  readonly #logger: Logger;
  readonly #server: Server;
  readonly #answering = new Set<ServerResponse>();
  #closing = false;

  constructor(gateway: Gateway, logger: Logger) {
    this.#gateway = gateway;
    this.#logger = logger;
    const answer = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
    this.#server = createServer(gateway.serverOptions, answer)
      .on('checkExpectation', answer)
      .on('connect', (_, connection) => this.#refuse(tunnelRefused(), connection.resume()))
      .on('clientError', (error, connection) => this.#refuse(error, connection));
    // Makes Node count and time connections. This server itself does not listen.
    this.#server.emit('listening');
  }

  serve(connection: Duplex): void {
    this.#server.emit('connection', connection);
  }

  /** Responds on a connection that has not begun a request in time, and discards its bytes. */
  timeOut(connection: Duplex): void {
    this.#refuse(requestTooSlow(), connection.resume());
  }

  /** Closes idle connections. Others close after their request has been answered. */
  close(): void {
    this.#closing = true;
    for (const response of this.#answering) response.shouldKeepAlive = false;
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.#answering.add(response);
    response.once('close', () => this.#answering.delete(response));
    if (this.#closing) response.shouldKeepAlive = false;
    // Users may wrap a gateway in functions of their own.
    contain(
      () => this.#gateway(request, response),
      (err) => {
        this.#logger.error({ err }, 'gateway failed unexpectedly');
        if (response.headersSent) response.destroy();
        else response.writeHead(500, { connection: 'close' }).end();
      },
    );
  }

  #refuse(error: Error, connection: Duplex): void {
    contain(
      () => this.#gateway.onClientError(error, connection),
      (err) => {
        this.#logger.error({ err }, 'gateway failed unexpectedly');
        connection.destroy();
      },
    );
  }
}
