import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { type ConnectionInjector, type Server, ServerCredentials } from '@grpc/grpc-js';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import type { Gateway } from '../http/http-message.js';
import { DEFAULT_LIMITS } from '../http/limits.js';
import { ConnectionTurns } from './connection-turns.js';
import { HttpConnections } from './http-connections.js';
import type { Certificates } from './server-tls.js';
import { type Protocol, sniffProtocol } from './sniff-protocol.js';

/** Servers of a port (at least one of the two), and how to reach them. */
export interface PortParts {
  readonly server?: Server | undefined;
  readonly gateway?: Gateway | undefined;
  readonly certificates?: Certificates | undefined;
  /** Upper bound on concurrent connections, for each accepting server. */
  readonly maxConnections?: number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

const PROTOCOL_OF_ALPN: Readonly<Record<string, Protocol>> = { 'http/1.1': 'HTTP/1.1', h2: 'HTTP/2' };
const SOCKET = { allowHalfOpen: true, noDelay: true };

/** Connections of a port. Hands each to the server for its protocol, and tracks all of them until they close. */
export class PortConnections {
  /** Certificates of servers that are created from now on; undefined in plain text. */
  #certificates: Certificates | undefined;
  readonly #tlsServers = new Set<TlsServer>();
  readonly #clock: Clock;
  readonly #grpc: ConnectionInjector | undefined;
  readonly #http: HttpConnections | undefined;
  /** Undefined if the port serves both protocols. */
  readonly #only: Protocol | undefined;
  readonly #arrivalMs: number;
  readonly #maxConnections: number;
  readonly #turns = new ConnectionTurns();
  readonly #open = new Set<Socket>();
  /** Members of {@link #open} that no server has yet: their protocol is not known, or their turn has not come. */
  readonly #undecided = new Set<Socket>();
  #closing = false;

  constructor({
    server,
    gateway,
    certificates,
    clock,
    logger,
    maxConnections = Number.POSITIVE_INFINITY,
  }: PortParts) {
    this.#certificates = certificates;
    this.#clock = clock;
    this.#maxConnections = maxConnections;
    this.#grpc = server?.createConnectionInjector(ServerCredentials.createInsecure());
    this.#http = gateway && new HttpConnections(gateway, logger);
    this.#only = server && gateway ? undefined : server ? 'HTTP/2' : 'HTTP/1.1';
    this.#arrivalMs = gateway?.serverOptions.headersTimeout ?? DEFAULT_LIMITS.arrivalMs;
  }

  /** Creates a server that accepts connections. It is not listening yet. */
  createServer(): NetServer {
    const server = this.#createServer();
    server.maxConnections = this.#maxConnections;
    return server;
  }

  /** Serves new connections with other certificates. Servers that ask for no client certificates continue so. */
  replaceCertificates(certificates: Certificates): void {
    this.#certificates = { ...this.#certificates, ...certificates };
    for (const server of this.#tlsServers) server.setSecureContext(this.#certificates);
  }

  /** Closes idle connections. Others close after their last response. */
  close(): void {
    this.#closing = true;
    this.#grpc?.destroy();
    this.#http?.close();
    for (const socket of this.#undecided) socket.destroy();
  }

  /** Destroys all connections. */
  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #createServer(): NetServer {
    if (!this.#certificates) return createServer(SOCKET, (socket) => this.#accept(socket));
    // The server's order decides.
    const ALPNProtocols = [...(this.#http ? ['http/1.1'] : []), ...(this.#grpc ? ['h2'] : [])];
    const options = { handshakeTimeout: this.#arrivalMs, ...this.#certificates, ...SOCKET, ALPNProtocols };
    const server = createTlsServer(options, (socket) => this.#acceptSecure(socket));
    this.#tlsServers.add(server);
    return server.on('connection', (socket) => this.#keep(socket));
  }

  #accept(socket: Socket): void {
    this.#keep(socket);
    if (this.#only) this.#hand(socket, this.#only);
    else this.#sniff(socket, (protocol) => this.#hand(socket, protocol));
  }

  #acceptSecure(socket: TLSSocket): void {
    this.#keep(socket);
    // The handshake finished after `close`.
    if (this.#closing) {
      socket.destroy();
      return;
    }
    const chosen = (socket.alpnProtocol && PROTOCOL_OF_ALPN[socket.alpnProtocol]) || this.#only;
    if (chosen) {
      this.#hand(socket, chosen);
      return;
    }
    this.#sniff(socket, (protocol) => {
      // Node accepts HTTP/2 only with this protocol.
      if (protocol === 'HTTP/2') socket.alpnProtocol = 'h2';
      this.#hand(socket, protocol);
    });
  }

  #sniff(socket: Socket, tell: (protocol: Protocol) => void): void {
    this.#undecided.add(socket);
    sniffProtocol(socket, this.#arrivalMs, this.#clock, (protocol) => {
      this.#undecided.delete(socket);
      if (protocol) tell(protocol);
      else this.#http?.timeOut(socket);
    });
  }

  #hand(socket: Socket, protocol: Protocol): void {
    switch (protocol) {
      case 'HTTP/1.1':
        this.#http?.serve(socket);
        break;
      case 'HTTP/2':
        // Matches sockets of grpc-js: when the client ends its side, the connection ends.
        socket.allowHalfOpen = false;
        this.#undecided.add(socket);
        this.#turns.take(() => {
          if (this.#undecided.delete(socket)) this.#grpc?.injectConnection(socket);
        });
    }
  }

  #keep(socket: Socket): void {
    this.#open.add(socket);
    // Errors are handled by the listeners of the protocol's server.
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#undecided.delete(socket);
    });
  }
}
