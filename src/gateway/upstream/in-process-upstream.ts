import { type ConnectionInjector, type Server, ServerCredentials } from '@grpc/grpc-js';
import { Http2Connection } from './http2-connection.js';
import { closed, type Upstream, type UpstreamAnswer, type UpstreamCall } from './upstream.js';

/** grpc-js server in this process, called over HTTP/2 on private connections in memory. */
export class InProcessUpstream implements Upstream {
  readonly #injector: ConnectionInjector;
  #connections: readonly Http2Connection[] = [];
  #closed = false;

  constructor(server: Server) {
    this.#injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  call(path: string, request: Uint8Array, options: UpstreamCall): Promise<UpstreamAnswer> {
    if (this.#closed) return Promise.resolve(closed());
    return this.#connection().call(path, request, options);
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#connections) connection.close();
  }

  #connection(): Http2Connection {
    const open = this.#connections.find((connection) => connection.takesCalls);
    if (open) return open;
    const connection = new Http2Connection((end) => this.#injector.injectConnection(end));
    this.#connections = [...this.#connections.filter(({ ended }) => !ended), connection];
    return connection;
  }
}
