import { Server } from '@grpc/grpc-js';
import { type Clock, systemClock } from '../core/clock.js';
import { type Logger, serverLogger } from '../core/logger.js';
import { withDefaults } from '../core/options.js';
import type { GatewaySettings } from '../gateway/gateway.js';
import type { Gateway, PortOptions, ServedPort } from '../gateway/index.js';
import { addHealth } from './health/add-health.js';
import { grpcLimits } from './limits/grpc-limits.js';
import { createOperations } from './operations.js';
import type { Operations } from './operations-interface.js';
import type { OperationsOptions } from './operations-options.js';
import { addReflection } from './reflection/add-reflection.js';
import { onSignals, type Shutdown, type ShutdownOptions, shutdownOf } from './shutdown.js';

/** Options of {@link serve}: those of the operations, and those of the servers in front of them. */
export interface ServeOptions extends Omit<OperationsOptions, 'methods'> {
  /** `host:port` (port 0 for any free port) or `unix:path`, for gRPC and REST. */
  readonly address: string;
  /** Certificates, as PEM data or files. @defaultValue none: plain text */
  readonly tls?: PortOptions['tls'] | undefined;
  /**
   * Allows plain text on an address that other machines can reach, for use behind a mesh or proxy.
   *
   * @defaultValue false: plain text only on loopback addresses and socket files
   */
  readonly insecure?: boolean | undefined;
  /** Upper bound on concurrent connections, for each address that the name resolves to. @defaultValue no limit */
  readonly maxConnections?: number | undefined;
  /**
   * REST by the HTTP rules of `descriptors`, with `GET /healthz`, `/readyz` and `/openapi.json`; or `off`.
   *
   * @defaultValue REST for `google.longrunning.Operations`
   */
  readonly rest?: Omit<GatewaySettings, 'authenticate' | 'logger' | 'clock'> | 'off' | undefined;
  /**
   * gRPC reflection, which describes the services to everybody; `on` describes those of `rest.descriptors`.
   *
   * @defaultValue 'off'
   */
  readonly reflection?: Parameters<typeof addReflection>[1] | 'on' | 'off' | undefined;
  /** `grpc.health.v1.Health`. @defaultValue 'on' */
  readonly health?: 'on' | 'off' | undefined;
  /** Limits of gRPC connections. @defaultValue those of `grpcLimits` */
  readonly grpcLimits?:
    | Omit<NonNullable<Parameters<typeof grpcLimits>[0]>, 'authenticate' | 'clock'>
    | undefined;
  readonly shutdown?: ShutdownOptions | undefined;
}

/** Server that {@link serve} has started. */
export interface RunningServer extends AsyncDisposable {
  /** Requested address, with the actual port. */
  readonly address: string;
  /** Actual port, or 0 for a socket file. */
  readonly port: number;
  readonly operations: Operations;
  /** Resolves when the server has stopped, for whatever reason. Never rejects; problems of the shutdown are logged. */
  readonly done: Promise<void>;
  /** Stops the server, as SIGTERM does, and resolves when it has stopped. */
  close(): Promise<void>;
}

const DEFAULTS = {
  rest: {} as NonNullable<ServeOptions['rest']>,
  reflection: 'off' as NonNullable<ServeOptions['reflection']>,
  health: 'on' as 'on' | 'off',
  shutdown: {} as ShutdownOptions,
  clock: systemClock as Clock,
};

/**
 * Serves operations and services over gRPC and REST on one port, with health checks. Resolves when it listens.
 *
 * On SIGTERM or SIGINT it stops: health reports NOT_SERVING, and calls are still accepted for `drainDelayMs`. Then waits are
 * answered with the latest state, work has `graceMs` to end, the last calls are answered, and the store is closed.
 *
 * @throws TypeError if an option is invalid; HttpRuleError if a REST rule is. Rejects with the error of the store if it is not
 * available, or of `listen` (`node:net`) if the address is not.
 *
 * @example
 * ```ts
 * const running = await serve({
 *   address: '0.0.0.0:8443',
 *   tls: { certFile: 'tls.crt', keyFile: 'tls.key' },
 *   services: [service(ReportsService, { exportReport, purgeReports })],
 *   store: postgresStore({ connectionString }),
 *   shutdown: { drainDelayMs: 5_000, graceMs: 20_000 },
 * });
 * await running.done;
 * ```
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  // Loaded on demand: it is not needed to embed operations in another server.
  const { createGateway, servePort } = await import('../gateway/index.js');
  const settings = withDefaults(DEFAULTS, options);
  const shutdown = shutdownOf(settings.shutdown);
  const { services, clock, rest, address } = settings;
  const logger = serverLogger(options.logger);
  // Services are mounted last, because their work may begin then.
  const operations = createOperations({ ...settings, services: [] });
  const parts: ServerParts = { operations, server: undefined, gateway: undefined, port: undefined };
  try {
    await operations.ready();
    const { authenticate } = operations;
    const limits = { ...settings.grpcLimits, clock, ...(settings.authorize && { authenticate }) };
    const server = new Server(grpcLimits(limits));
    parts.server = server;
    if (rest !== 'off')
      parts.gateway = createGateway({ ...rest, operations, services, logger: options.logger, clock });
    operations.addTo(server, ...(services ?? []));
    if (settings.health === 'on') addHealth(server, operations);
    const reflection = reflectionOf(settings);
    if (reflection) addReflection(server, { logger: options.logger, ...reflection });
    const { tls, insecure, maxConnections } = settings;
    const { gateway } = parts;
    const listening = { address, tls, insecure, maxConnections, clock, logger: options.logger };
    parts.port = await servePort({ ...listening, server, gateway });
  } catch (error) {
    await stop(parts, { ...shutdown, drainDelayMs: 0, graceMs: 0 }, logger);
    throw error;
  }
  return running(parts, parts.port, shutdown, logger);
}

/** Parts of a server, as far as they exist. */
interface ServerParts {
  readonly operations: Operations;
  server: Server | undefined;
  gateway: Gateway | undefined;
  port: ServedPort | undefined;
}

function reflectionOf({ reflection, rest }: typeof DEFAULTS): Parameters<typeof addReflection>[1] {
  switch (reflection) {
    case 'off':
      return undefined;
    case 'on':
      return rest === 'off' || rest.descriptors === undefined ? {} : { descriptors: rest.descriptors };
    default:
      return reflection;
  }
}

function running(
  parts: ServerParts,
  { address, port }: ServedPort,
  shutdown: Shutdown,
  logger: Logger,
): RunningServer {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let isStopping = false;
  const close = () => {
    if (!isStopping) {
      isStopping = true;
      // A second signal has its usual effect: it ends the process.
      stopListening();
      stop(parts, shutdown, logger).then(resolve);
    }
    return done;
  };
  const stopListening = onSignals(shutdown.signals, (signal) => {
    logger.info?.({ signal }, 'stopping; a second signal ends the process at once');
    close();
  });
  return { address, port, operations: parts.operations, done, close, [Symbol.asyncDispose]: close };
}

/** Time for the last calls to be answered once work has ended, in milliseconds. */
const LAST_CALLS_MS = 1000;

/** Stops all parts in order, within the time limit. Never rejects. */
async function stop(
  { operations, server, gateway, port }: ServerParts,
  { graceMs, drainDelayMs, limitMs }: Shutdown,
  logger: Logger,
): Promise<void> {
  const stopServing = async () => {
    await Promise.all([server && finishCalls(server), port?.close({ graceMs: LAST_CALLS_MS })]);
    await gateway?.close();
  };
  const stopped = operations
    .close({ graceMs, drainDelayMs, stopServing })
    .catch((err) => logger.error({ err }, 'shutdown failed'));
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => resolve('late'), limitMs);
  const outcome = await Promise.race([stopped, late]);
  clearTimeout(timer);
  if (outcome !== 'late') return;
  logger.error(
    { limitMs },
    'shutdown did not finish in time: connections are closed, the store is left as it is',
  );
  server?.forceShutdown();
  await Promise.all([port?.close({ graceMs: 0 }), gateway?.close()]);
}

/** Ends the connections of a gRPC server once their calls have been answered, or after a time. */
async function finishCalls(server: Server): Promise<void> {
  const cutOff = setTimeout(() => server.forceShutdown(), LAST_CALLS_MS);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(cutOff);
}
