import type { Server } from '@grpc/grpc-js';
import {
  type ChangingTls,
  type Gateway,
  type PortOptions,
  type PortServers,
  type ServedPort,
  servePort,
  type TlsFiles,
} from '../../gateway/index.js';
import { UsageError } from '../failures/usage-error.js';
import type { Log } from './log.js';

/** Where a server listens, and what for. */
export interface ListenSettings {
  /** `host:port`, port 0 for any that is free, or `unix:path`. */
  readonly address: string;
  /** What is answered there. REST is apart when it has an address of its own. */
  readonly speaks: 'gRPC and REST' | 'gRPC' | 'REST' | { readonly restAddress: string };
  /** Whether to do without TLS where other machines reach it. */
  readonly insecure: boolean;
  /** Undefined: no TLS. */
  readonly tlsFiles: TlsFiles | undefined;
  /** At each port; undefined: no limit. */
  readonly maxConnections?: number | undefined;
}

/** The ports that are listened on. */
export interface Ports {
  /** What is answered at the address. */
  readonly main: ServedPort;
  /** REST, when it is apart. */
  readonly rest: ServedPort | undefined;
}

/** Who answers. */
export interface Answering {
  readonly server: Server;
  /** Undefined when REST is not spoken. */
  readonly gateway: Gateway | undefined;
  readonly logger: Log;
}

/**
 * Makes servers listen.
 *
 * @throws UsageError when an address is malformed or cannot be listened on.
 */
export async function listen(
  { server, gateway, logger }: Answering,
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

/** Finishes the requests that are being answered; what then still hangs is cut off. */
export async function closePorts({ main, rest }: Ports, graceMs: number): Promise<void> {
  await Promise.all([main.close({ graceMs }), rest?.close({ graceMs })]);
}

/**
 * Has one port answered.
 *
 * @throws UsageError when its address is malformed or cannot be listened on.
 */
export async function serveAt(options: PortOptions): Promise<ServedPort> {
  try {
    return await servePort(options);
  } catch (error) {
    throw refused(options.address, error);
  }
}

function refused(address: string, cause: unknown): UsageError {
  const { message, code } = cause as NodeJS.ErrnoException;
  if (cause instanceof TypeError) return new UsageError(message, { cause });
  const hint =
    code === 'EADDRINUSE'
      ? 'the port is in use: end what listens there, or choose another port, such as 0 for any that is free'
      : message;
  return new UsageError(`cannot listen on ${JSON.stringify(address)}: ${hint}`, { cause });
}
