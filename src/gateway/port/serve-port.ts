import type { Server } from '@grpc/grpc-js';
import { type Clock, systemClock } from '../../core/clock.js';
import { gatewayLogger, type Logger } from '../../core/logger.js';
import { withDefaults } from '../../core/options.js';
import type { Gateway } from '../http/request-listener.js';
import { parseListenAddress, placesOf, withPort } from './listen-address.js';
import { Listening, type OnListenFailure } from './listening.js';
import { checkPlainText } from './plain-text.js';
import { PortConnections } from './port-connections.js';
import { type ChangingTls, checkTls, isChanging, type PortTls } from './port-tls.js';

/** Who answers at a port: a gRPC server, a gateway, or both. */
export type PortServers =
  | { readonly server: Server; readonly gateway?: Gateway }
  | { readonly server?: undefined; readonly gateway: Gateway };

/** What {@link servePort} takes besides. */
export interface PortSettings {
  /** `host:port`, port 0 for any that is free, or `unix:path`. */
  readonly address: string;
  /** Certificates, as `node:tls` takes them, or as `watchTlsFiles` reads them. @defaultValue none: no TLS */
  readonly tls?: PortTls | ChangingTls;
  /**
   * Speak plain text though the address can be reached from other machines: where a mesh or a proxy keeps others out.
   *
   * @defaultValue false: only to this machine, which socket files are on too
   */
  readonly insecure?: boolean;
  /**
   * How many connections may be open at once, at each address that the name stands for: `localhost` is two. More are closed
   * as they come. @defaultValue no limit
   */
  readonly maxConnections?: number | undefined;
  /**
   * Where errors go that do not keep the port from being served: addresses of the host that cannot be listened on, connections that
   * cannot be accepted, a gateway that throws. @defaultValue standard error
   */
  readonly logger?: Logger | undefined;
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
   * Has connections that come from now on be served with other certificates; those that are open go on. Whether
   * clients are asked for theirs stays as it was.
   *
   * @throws TypeError when they cannot be used, or the port has no TLS. Then nothing changes.
   */
  replaceTls(tls: PortTls): void;
  /**
   * Takes no more connections, closes those that are idle, and the others when what is under way on them has been
   * answered. Neither the gRPC server nor the gateway is closed.
   */
  close(options?: {
    /** After how long to cut off what is left. @defaultValue 1000 */ readonly graceMs?: number;
  }): Promise<void>;
}

const CLOSING = { graceMs: 1000 };
const DEFAULTS = { clock: systemClock, insecure: false };

/**
 * Answers gRPC and REST on one port. In plain text, connections that begin as HTTP/2 does are gRPC's, all others
 * the gateway's. With TLS the client chooses by ALPN: who speaks HTTP/1.1, if only among others, wants REST, as
 * gRPC has no use for it; so browsers and curl, which offer both, get it.
 *
 * @throws TypeError when the address is malformed, or can be reached from other machines without TLS, or certificates
 * cannot be used, or `maxConnections` is not a whole number; what `listen` of `node:net` throws when it cannot be listened at.
 *
 * @example
 * ```ts
 * const gateway = createGateway({ server });
 * const port = await servePort({ server, gateway, address: '0.0.0.0:8443', tls: { cert, key } });
 * ```
 */
export async function servePort(options: PortOptions): Promise<ServedPort> {
  const places = await placesOf(parseListenAddress(options.address));
  const settings = withDefaults(DEFAULTS, options);
  const { tls, maxConnections } = settings;
  if (maxConnections !== undefined && !(Number.isInteger(maxConnections) && maxConnections > 0))
    throw new TypeError(
      `option maxConnections is ${maxConnections}: give a whole number, 1 or more, or leave it out`,
    );
  if (!tls && !settings.insecure) checkPlainText(options.address, places);
  const certificates = tls && isChanging(tls) ? tls.options : tls;
  if (certificates) checkTls(certificates);
  const logger = gatewayLogger(options.logger);
  const connections = new PortConnections({ ...settings, tls: certificates, logger });
  const { address } = options;
  const reportFailure: OnListenFailure = (err, { host }) =>
    logger.error(
      { err, address, host },
      'an address cannot be listened on, or a connection not be accepted there',
    );
  const listening = await Listening.at(places, () => connections.createServer(), reportFailure).catch(
    (error) => {
      connections.close();
      throw error;
    },
  );
  const stopFollowing = tls && isChanging(tls) ? follow(tls, connections) : () => {};
  const close: ServedPort['close'] = async (closing = {}) => {
    stopFollowing();
    const { graceMs } = withDefaults(CLOSING, closing);
    connections.close();
    const cutOff = setTimeout(() => connections.destroy(), graceMs);
    await listening.close();
    clearTimeout(cutOff);
  };
  return {
    address: withPort(options.address, listening.port),
    port: listening.port,
    replaceTls: (next) => connections.replaceTls(next),
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** Also what has changed while the port began to listen. */
function follow(tls: ChangingTls, connections: PortConnections): () => void {
  const replace = (next: PortTls) => connections.replaceTls(next);
  replace(tls.options);
  return tls.onChange(replace);
}
