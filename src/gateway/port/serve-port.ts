import type { Server } from '@grpc/grpc-js';
import { type Clock, systemClock } from '../../core/clock.js';
import { gatewayLogger, type Logger } from '../../core/logger.js';
import { withDefaults } from '../../core/options.js';
import type { Gateway } from '../http/http-message.js';
import {
  checkPlainText,
  Listening,
  type OnListenFailure,
  parseListenAddress,
  placesOf,
  withPort,
} from './listening.js';
import { PortConnections } from './port-connections.js';
import { type ChangingTls, checkTls, isChanging, type PortTls } from './port-tls.js';

/** Servers behind a port: a gRPC server, a gateway, or both. */
export type PortServers =
  | { readonly server: Server; readonly gateway?: Gateway }
  | { readonly server?: undefined; readonly gateway: Gateway };

/** Settings of {@link servePort}, except the servers. */
export interface PortSettings {
  /** `host:port` (port 0 for any free port) or `unix:path`. */
  readonly address: string;
  /** Certificates in the form of `node:tls`, or from `watchTlsFiles`. @defaultValue none: plain text */
  readonly tls?: PortTls | ChangingTls;
  /**
   * Allows plain text on an address that other machines can reach, for use behind a mesh or proxy.
   *
   * @defaultValue false: plain text only on loopback addresses and socket files
   */
  readonly insecure?: boolean;
  /**
   * Upper bound on concurrent connections, for each address that the name resolves to: `localhost` has two.
   * Further connections are closed at once. @defaultValue no limit
   */
  readonly maxConnections?: number | undefined;
  /**
   * Receives errors that do not stop the port: addresses that cannot be listened on, connections that cannot be
   * accepted, a gateway that throws. @defaultValue standard error
   */
  readonly logger?: Logger | undefined;
  /** Clock that times the first bytes of a connection. @defaultValue the system clock */
  readonly clock?: Clock;
}

/** Servers and settings of a port. */
export type PortOptions = PortServers & PortSettings;

/** Port that is being served. */
export interface ServedPort extends AsyncDisposable {
  /** Requested address, with the actual port. */
  readonly address: string;
  /** Actual port, or 0 for a socket file. */
  readonly port: number;
  /**
   * Serves new connections with other certificates. Open connections and the client authentication settings do
   * not change.
   *
   * @throws TypeError if the certificates cannot be used, or the port has no TLS; then nothing changes.
   */
  replaceTls(tls: PortTls): void;
  /**
   * Stops accepting connections and closes idle ones. The others close after their current requests have been
   * answered. Neither the gRPC server nor the gateway is closed.
   */
  close(options?: {
    /** Milliseconds until the remaining connections are destroyed. @defaultValue 1000 */ readonly graceMs?: number;
  }): Promise<void>;
}

const CLOSING = { graceMs: 1000 };
const DEFAULTS = { clock: systemClock, insecure: false };

/**
 * Serves gRPC and REST on one port. In plain text, connections that begin with the HTTP/2 preface go to gRPC, all
 * others to the gateway. With TLS, ALPN decides. A client that offers HTTP/1.1, even among others, gets REST,
 * because gRPC cannot use HTTP/1.1. Browsers and curl offer both, so they get REST.
 *
 * @throws TypeError if the address is malformed, other machines can reach it without TLS, certificates cannot be
 * used, or `maxConnections` is not a whole number. Rejects with the error of `listen` (`node:net`) if it cannot
 * listen.
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
    logger.error({ err, address, host }, 'cannot listen on an address, or cannot accept a connection there');
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

/** Applies certificates on every change, including one that happened before the port was listening. */
function follow(tls: ChangingTls, connections: PortConnections): () => void {
  const replace = (next: PortTls) => connections.replaceTls(next);
  replace(tls.options);
  return tls.onChange(replace);
}
