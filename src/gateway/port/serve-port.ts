import type { TlsOptions } from 'node:tls';
import type { Server } from '@grpc/grpc-js';
import { type Clock, systemClock } from '../../clock.js';
import { withDefaults } from '../../options.js';
import type { Gateway } from '../gateway.js';
import { parseListenAddress, placesOf, withPort } from './listen-address.js';
import { Listening } from './listening.js';
import { PortConnections } from './port-connections.js';

/** Who answers at a port: a gRPC server, a gateway, or both. */
export type PortServers =
  | { readonly server: Server; readonly gateway?: Gateway }
  | { readonly server?: undefined; readonly gateway: Gateway };

/** What {@link servePort} takes besides. */
export interface PortSettings {
  /** `host:port`, port 0 for any that is free, or `unix:path`. */
  readonly address: string;
  /** Certificates, as `node:tls` takes them. @defaultValue none: no TLS */
  readonly tls?: Omit<TlsOptions, 'ALPNProtocols' | 'ALPNCallback'>;
  /** What times the first bytes of a connection. @defaultValue the machine's */
  readonly clock?: Clock;
}

/** What a port serves, and how. */
export type PortOptions = PortServers & PortSettings;

/** A port that is served. */
export interface ServedPort extends AsyncDisposable {
  /** As it was asked for, with the port that was found. */
  readonly address: string;
  /** 0 for a socket file. */
  readonly port: number;
  /**
   * Takes no more connections, closes those that are idle, and the others when what is under way on them has been
   * answered. Neither the gRPC server nor the gateway is closed.
   */
  close(options?: {
    /** After how long to cut off what is left. @defaultValue 1000 */ readonly graceMs?: number;
  }): Promise<void>;
}

const CLOSING = { graceMs: 1000 };
const DEFAULTS = { clock: systemClock };

/**
 * Answers gRPC and REST on one port. In plain text, connections that begin as HTTP/2 does are gRPC's, all others
 * the gateway's. With TLS the client chooses by ALPN: who speaks HTTP/1.1, if only among others, wants REST, as
 * gRPC has no use for it; so browsers and curl, which offer both, get it.
 *
 * @throws TypeError when the address is malformed; what `listen` of `node:net` throws when it cannot be listened at.
 *
 * @example
 * ```ts
 * const gateway = createGateway({ server });
 * const port = await servePort({ server, gateway, address: '0.0.0.0:8080' });
 * ```
 */
export async function servePort(options: PortOptions): Promise<ServedPort> {
  const places = await placesOf(parseListenAddress(options.address));
  const connections = new PortConnections(withDefaults(DEFAULTS, options));
  const listening = await Listening.at(places, () => connections.createServer()).catch((error) => {
    connections.close();
    throw error;
  });
  const close: ServedPort['close'] = async (closing = {}) => {
    const { graceMs } = withDefaults(CLOSING, closing);
    connections.close();
    const cutOff = setTimeout(() => connections.destroy(), graceMs);
    await listening.close();
    clearTimeout(cutOff);
  };
  return {
    address: withPort(options.address, listening.port),
    port: listening.port,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}
