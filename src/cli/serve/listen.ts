import type { Server } from '@grpc/grpc-js';
import {
  type ChangingTls,
  type Gateway,
  type PortOptions,
  type PortServers,
  type ServedPort,
  servePort,
  watchTlsFiles,
} from '../../gateway/index.js';
import { messageOf, UsageError } from '../output/failure.js';
import type { Terminal } from '../output/terminal.js';
import type { Log } from './log.js';
import type { ListenSettings } from './options.js';

/** Ports that the server listens on. */
export interface Ports {
  /** Port at the main address. */
  readonly main: ServedPort;
  /** Separate port of REST, if it has one. */
  readonly rest: ServedPort | undefined;
}

/** Servers behind the ports. */
export interface Listeners {
  readonly server: Server;
  /** Undefined if REST is not served. */
  readonly gateway: Gateway | undefined;
  readonly logger: Log;
}

/**
 * Listens on the configured addresses.
 *
 * @throws UsageError if an address is malformed or unavailable.
 */
export async function listen(
  { server, gateway, logger }: Listeners,
  { address, speaks, insecure, maxConnections }: ListenSettings,
  tls: ChangingTls | undefined,
): Promise<Ports> {
  const serve = (servers: PortServers, at: string) =>
    serveAt({ ...servers, address: at, insecure, maxConnections, logger, ...(tls && { tls }) });
  if (!gateway || speaks === 'gRPC') return { main: await serve({ server }, address), rest: undefined };
  switch (speaks) {
    case 'gRPC and REST':
      return { main: await serve({ server, gateway }, address), rest: undefined };
    case 'REST':
      return { main: await serve({ gateway }, address), rest: undefined };
  }
  const main = await serve({ server }, address);
  try {
    return { main, rest: await serve({ gateway }, speaks.restAddress) };
  } catch (error) {
    await main.close();
    throw error;
  }
}

/** Stops listening. Requests in progress have `graceMs` to finish before they are cut off. */
export async function closePorts({ main, rest }: Ports, graceMs: number): Promise<void> {
  await Promise.all([main.close({ graceMs }), rest?.close({ graceMs })]);
}

/**
 * Listens on one port.
 *
 * @throws UsageError if the address is malformed or unavailable.
 */
export async function serveAt(options: PortOptions): Promise<ServedPort> {
  try {
    return await servePort(options);
  } catch (error) {
    throw listenError(options.address, error);
  }
}

/** Certificates of the server, if it has any, and a function that stops watching them. */
export interface Certificates {
  readonly tls: ChangingTls | undefined;
  readonly stop: () => void;
}

/**
 * Reads the certificates, now and again when they change or on SIGHUP.
 *
 * @throws UsageError if they are unreadable or invalid.
 */
export async function readCertificates(
  { tlsFiles, terminal }: Pick<ListenSettings, 'tlsFiles'> & { readonly terminal: Terminal },
  logger: Log,
): Promise<Certificates> {
  if (!tlsFiles) return { tls: undefined, stop: () => {} };
  try {
    const tls = await watchTlsFiles(tlsFiles, { logger });
    const reload = () => void tls.reload();
    terminal.on('SIGHUP', reload);
    const stop = () => {
      terminal.off('SIGHUP', reload);
      tls[Symbol.dispose]();
    };
    return { tls, stop };
  } catch (cause) {
    throw new UsageError(messageOf(cause), { cause });
  }
}

function listenError(address: string, cause: unknown): UsageError {
  const { message, code } = cause as NodeJS.ErrnoException;
  if (cause instanceof TypeError) return new UsageError(message, { cause });
  const hint =
    code === 'EADDRINUSE'
      ? 'the port is in use: end what listens there, or choose another port, such as 0 for any that is free'
      : message;
  return new UsageError(`cannot listen on ${JSON.stringify(address)}: ${hint}`, { cause });
}
