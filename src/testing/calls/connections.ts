import type { Duplex } from 'node:stream';
import { type ConnectionInjector, Server, type ServerCredentials, type ServerOptions } from '@grpc/grpc-js';

/** Connection of a call. */
export interface CallConnection {
  /** Breaks the connection. */
  drop(): void;
  /** Announces the end of the connection and closes it once current calls have been answered. */
  goAway(): void;
}

/** Open connections, by the key that their calls have. */
export class CallConnections {
  readonly #connections = new Map<string, CallConnection>();

  add(key: string, connection: CallConnection): void {
    this.#connections.set(key, connection);
  }

  remove(key: string): void {
    this.#connections.delete(key);
  }

  get(key: string): CallConnection | undefined {
    return this.#connections.get(key);
  }
}

/** Milliseconds that current calls may take after GOAWAY: as long as a wait may last. */
const GO_AWAY_GRACE_MS = 60_000;

interface Peer {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
}

/**
 * gRPC server that can break or close each of its connections separately. grpc-js can only close all connections
 * of one injector, so each connection has its own.
 */
export class ConnectionServer extends Server {
  readonly #connections: CallConnections;

  constructor(options: ServerOptions, connections: CallConnections) {
    super(options);
    this.#connections = connections;
  }

  override createConnectionInjector(credentials: ServerCredentials): ConnectionInjector {
    const open = new Set<ConnectionInjector>();
    return {
      injectConnection: (connection) => {
        const injector = super.createConnectionInjector(credentials);
        const forget = this.#remember(connection, injector);
        open.add(injector);
        connection.once('close', () => {
          open.delete(injector);
          forget();
          injector.destroy();
        });
        injector.injectConnection(connection);
      },
      drain: (graceMs) => {
        for (const injector of open) injector.drain(graceMs);
      },
      destroy: () => {
        for (const injector of open) injector.destroy();
      },
    };
  }

  #remember(connection: Duplex, injector: ConnectionInjector): () => void {
    const { remoteAddress, remotePort } = connection as Peer;
    if (remoteAddress === undefined || remotePort === undefined) return () => {};
    // The format of `getPeer` of a call.
    const key = `${remoteAddress}:${remotePort}`;
    this.#connections.add(key, {
      drop: () => connection.destroy(),
      goAway: () => injector.drain(GO_AWAY_GRACE_MS),
    });
    return () => this.#connections.remove(key);
  }
}
