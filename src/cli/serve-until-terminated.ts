import { Server } from '@grpc/grpc-js';
import { destination, type Logger, pino } from 'pino';
import { createGateway, type Gateway } from '../gateway/index.js';
import {
  createOperations,
  type OperationStore,
  type Operations,
  OperationsService,
} from '../server/index.js';
import { fakeServices } from '../testing/index.js';
import { badRule } from './bad-rule.js';
import { type Answering, closePorts, type ListenSettings, listen, type Ports } from './listen.js';
import type { ServedProtos } from './served-protos.js';
import type { Terminal } from './terminal.js';
import { onTermination, signalExitCode, type TerminationSignal } from './termination.js';
import { UsageError } from './usage-error.js';

/** How long calls that are being answered when the server closes have to finish. */
const SHUTDOWN_MS = 1000;

/** How a server runs. */
export interface ServeSettings extends ListenSettings {
  /** How long running work has to end once the server is told to stop. */
  readonly graceMs: number;
  /** Where operations are kept. */
  readonly store: OperationStore;
  readonly terminal: Terminal;
}

/**
 * Serves until SIGINT or SIGTERM: then waits are answered, work has its grace and calls are finished. A second
 * signal ends the process at once.
 *
 * @throws UsageError when it cannot begin or listen.
 */
export async function serveUntilTerminated(served: ServedProtos, settings: ServeSettings): Promise<void> {
  const { graceMs, terminal } = settings;
  const logger = pino({ base: null }, destination({ fd: 2, sync: true }));
  const { server, gateway, operations } = begin(served, settings, logger);
  const terminated = Promise.withResolvers<TerminationSignal>();
  const stopHeeding = onTermination(terminal, terminated.resolve);
  let ports: Ports | undefined;
  try {
    await operations.ready();
    ports = await listen({ server, gateway }, settings);
    warnOfFaults(served, logger);
    warnOfDeprecated(served, logger);
    tellReady(ports, terminal);
    const signal = await terminated.promise;
    logger.info({ signal, graceMs }, 'stopping; a second signal ends at once');
  } finally {
    stopHeeding();
    const stopHeedingSecond = onTermination(terminal, (signal) => terminal.exit(signalExitCode(signal)));
    await operations.close({ graceMs });
    if (ports) await closePorts(ports, SHUTDOWN_MS);
    gateway?.close();
    await shutDown(server);
    stopHeedingSecond();
  }
}

/** Whoever started the server reads the address from the first line. */
function tellReady({ main, rest }: Ports, { stdout }: Terminal): void {
  stdout.write(`longrunning: listening on ${main.address}\n`);
  if (rest) stdout.write(`longrunning: REST on ${rest.address}\n`);
}

interface Servers extends Answering {
  readonly operations: Operations;
}

/** Before work is begun: the gateway may be refused, and then there is nothing to end. */
function begin(
  served: ServedProtos,
  { store, speaks }: Pick<ServeSettings, 'store' | 'speaks'>,
  logger: Logger,
): Servers {
  const server = new Server();
  const gateway = speaks === 'gRPC' ? undefined : restGateway(server, served, logger);
  return { server, gateway, operations: fakeOperations(server, served, store, logger) };
}

/** What keeps the services from being served is wrong with their protos. */
function fakeOperations(
  server: Server,
  { schema, script }: ServedProtos,
  store: OperationStore,
  logger: Logger,
): Operations {
  try {
    const services = fakeServices(schema, script ? { script } : {});
    // Faked work is a timer: there is no telling how many a test wants at once, and no harm in many.
    const concurrency = Number.POSITIVE_INFINITY;
    const operations = createOperations({ store, methods: services.methods, concurrency, logger });
    server.addService(OperationsService, operations.handlers);
    services.addTo(server, operations);
    return operations;
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`the services cannot be served: ${fault}; correct their protos`, { cause });
  }
}

function restGateway(server: Server, { schema, serviceConfig }: ServedProtos, logger: Logger): Gateway {
  const { registry: descriptors, annotationOf } = schema;
  const config = serviceConfig && { serviceConfig };
  try {
    return createGateway({ server, descriptors, annotationOf, ...config, logger });
  } catch (error) {
    throw badRule(
      error,
      schema.files,
      'replace it with --service-config, or serve without REST with --grpc-only',
    );
  }
}

function warnOfFaults({ schema }: ServedProtos, logger: Logger): void {
  for (const { name, faults } of schema.methods) {
    if (faults.length === 0) continue;
    logger.warn({ method: name }, `${faults.join('; ')}; until then google.protobuf.Empty takes its place`);
  }
}

function warnOfDeprecated({ schema }: ServedProtos, logger: Logger): void {
  const deprecated = schema.methods.filter((method) => method.deprecated).map(({ descriptor }) => descriptor);
  for (const service of new Set(deprecated.map(({ parent }) => parent.typeName))) {
    logger.warn({ service }, 'service is deprecated, or methods of it are: its proto says so');
  }
}

/** Finishes the calls that are being answered; what then still hangs is cut off. */
async function shutDown(server: Server): Promise<void> {
  const cutOff = setTimeout(() => server.forceShutdown(), SHUTDOWN_MS);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(cutOff);
}
