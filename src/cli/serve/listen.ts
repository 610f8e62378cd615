import type { Server } from '@grpc/grpc-js';
import { type Gateway, type PortOptions, type ServedPort, servePort } from '../../gateway/index.js';
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
  { address, speaks, insecure, maxConnections, tls }: ListenSettings,
): Promise<Ports> {
  const serve = (servers: { server: Server; gateway?: Gateway } | { gateway: Gateway }, at: string) =>
    serveAt({ ...servers, address: at, insecure, maxConnections, logger, tls });
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

/**
 * Reads the certificate files at once on SIGHUP, for all ports. Files that cannot be used are logged.
 *
 * @returns a function that stops listening for the signal.
 */
export function reloadOnHangup(
  ports: readonly ServedPort[],
  { tls, terminal }: Pick<ListenSettings, 'tls'> & { readonly terminal: Terminal },
  logger: Log,
): () => void {
  if (!tls) return () => {};
  const reload = async () => {
    try {
      await Promise.all(ports.map((port) => port.replaceTls(tls)));
      logger.info({ ...tls }, 'certificate was read again; new connections use it');
    } catch (error) {
      logger.error({ ...tls }, `previous certificate stays in use: ${messageOf(error)}`);
    }
  };
  terminal.on('SIGHUP', reload);
  return () => terminal.off('SIGHUP', reload);
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
