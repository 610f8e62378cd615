import type { Server } from '@grpc/grpc-js';
import { type Clock, systemClock } from '../../core/clock.js';
import { gatewayLogger, type Logger, type SafeLogger } from '../../core/logger.js';
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
import { type Certificates, hasFiles, readCertificates, type ServerTls } from './server-tls.js';
import { TlsFileWatch } from './tls-files.js';

/** Options of {@link servePort}: the servers behind the port, and its settings. */
export type PortOptions = {
  /** `host:port` (port 0 for any free port) or `unix:path`. */
  readonly address: string;
  /** Certificates, as PEM data or files. @defaultValue none: plain text */
  readonly tls?: ServerTls | undefined;
  /**
   * Allows plain text on an address that other machines can reach, for use behind a mesh or proxy.
   *
   * @defaultValue false: plain text only on loopback addresses and socket files
   */
  readonly insecure?: boolean | undefined;
  /**
   * Upper bound on concurrent connections, for each address that the name resolves to: `localhost` has two.
   * Further connections are closed at once. @defaultValue no limit
   */
  readonly maxConnections?: number | undefined;
  /**
   * Receives errors that do not stop the port: addresses that cannot be listened on, connections that cannot be
   * accepted, a gateway that throws, certificate files that cannot be used. @defaultValue standard error
   */
  readonly logger?: Logger | undefined;
  /** Clock that times the first bytes of a connection and reads of certificate files. @defaultValue the system clock */
  readonly clock?: Clock | undefined;
} & (
  | {
      /** gRPC server. */
      readonly server: Server;
      /** REST, such as `createGateway` creates. */
      readonly gateway?: Gateway | undefined;
    }
  | { readonly server?: undefined; readonly gateway: Gateway }
);

/** Port that is being served. */
export interface ServedPort extends AsyncDisposable {
  /** Requested address, with the actual port. */
  readonly address: string;
  /** Actual port, or 0 for a socket file. */
  readonly port: number;
  /**
   * Serves new connections with other certificates. Open connections continue, and clients that needed no certificate
   * still need none. Pass the same files to read them at once, for example on SIGHUP.
   *
   * @throws TypeError if the certificates cannot be used, or the port has no TLS; then nothing changes.
   */
  replaceTls(tls: ServerTls): Promise<void>;
  /**
   * Stops accepting connections and closes idle ones. The others close after their current requests have been
   * answered. Neither the gRPC server nor the gateway is closed.
   */
  close(options?: {
    /** Milliseconds until the remaining connections are destroyed. @defaultValue 1000 */
    readonly graceMs?: number | undefined;
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
 * const gateway = createGateway({ operations });
 * const port = await servePort({ server, gateway, address: '0.0.0.0:8443', tls: { certFile, keyFile } });
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
  const certificates = tls && (await readCertificates(tls));
  const logger = gatewayLogger(options.logger);
  const connections = new PortConnections({ ...settings, certificates, logger });
  const { address } = options;
  const reportFailure: OnListenFailure = (err, { host }) =>
    logger.error({ err, address, host }, 'cannot listen on an address, or cannot accept a connection there');
  const listening = await Listening.at(places, () => connections.createServer(), reportFailure).catch(
    (error) => {
      connections.close();
      throw error;
    },
  );
  const port = new Port(address, { ...settings, connections, listening, logger });
  if (tls && certificates) port.follow(tls, certificates);
  return port;
}

interface PortParts {
  readonly connections: PortConnections;
  readonly listening: Listening;
  readonly tls?: ServerTls | undefined;
  readonly clock: Clock;
  readonly logger: SafeLogger;
}

class Port implements ServedPort {
  readonly address: string;
  readonly port: number;
  readonly #parts: PortParts;
  #watch: TlsFileWatch | undefined;
  #closed = false;

  constructor(address: string, parts: PortParts) {
    this.address = withPort(address, parts.listening.port);
    this.port = parts.listening.port;
    this.#parts = parts;
  }

  async replaceTls(tls: ServerTls): Promise<void> {
    if (!this.#parts.tls) throw new TypeError('port speaks plain text: serve it with `tls` from the start');
    const certificates = await readCertificates(tls);
    this.#parts.connections.replaceCertificates(certificates);
    this.follow(tls, certificates);
  }

  /** Polls the files of `tls`, if it has any, instead of those before. */
  follow(tls: ServerTls, certificates: Certificates): void {
    this.#watch?.close();
    if (!hasFiles(tls) || this.#closed) return;
    const { connections, clock, logger } = this.#parts;
    const apply = (changed: Certificates) => connections.replaceCertificates(changed);
    this.#watch = new TlsFileWatch(tls, { address: this.address, certificates, apply, clock, logger });
  }

  async close(closing: { readonly graceMs?: number | undefined } = {}): Promise<void> {
    this.#closed = true;
    this.#watch?.close();
    const { graceMs } = withDefaults(CLOSING, closing);
    const { connections, listening } = this.#parts;
    connections.close();
    const cutOff = setTimeout(() => connections.destroy(), graceMs);
    await listening.close();
    clearTimeout(cutOff);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
