import { Server } from '@grpc/grpc-js';
import { destination, type Logger, pino } from 'pino';
import {
  createOperations,
  type OperationStore,
  type Operations,
  OperationsService,
} from '../server/index.js';
import { fakeServices } from '../testing/index.js';
import { listen } from './listen.js';
import type { ServedProtos } from './served-protos.js';
import type { Terminal } from './terminal.js';
import { onTermination, signalExitCode, type TerminationSignal } from './termination.js';
import { UsageError } from './usage-error.js';

/** How long calls that are being answered when the server closes have to finish. */
const SHUTDOWN_MS = 1000;

/** How a server runs. */
export interface ServeSettings {
  readonly address: string;
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
  const { address, graceMs, store, terminal } = settings;
  const logger = pino({ base: null }, destination({ fd: 2, sync: true }));
  const { server, operations } = begin(served, store, logger);
  const terminated = Promise.withResolvers<TerminationSignal>();
  const stopHeeding = onTermination(terminal, terminated.resolve);
  try {
    await operations.ready();
    const listening = await listen(server, address);
    warnOfFaults(served, logger);
    warnOfDeprecated(served, logger);
    terminal.stdout.write(`longrunning: listening on ${listening}\n`);
    const signal = await terminated.promise;
    logger.info({ signal, graceMs }, 'stopping; a second signal ends at once');
  } finally {
    stopHeeding();
    const stopHeedingSecond = onTermination(terminal, (signal) => terminal.exit(signalExitCode(signal)));
    await operations.close({ graceMs });
    await shutDown(server);
    stopHeedingSecond();
  }
}

/** What keeps the services from being served is wrong with their protos. */
function begin(served: ServedProtos, store: OperationStore, logger: Logger): ReturnType<typeof fakeServer> {
  try {
    return fakeServer(served, store, logger);
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`the services cannot be served: ${fault}; correct their protos`, { cause });
  }
}

function fakeServer(
  { schema, script }: ServedProtos,
  store: OperationStore,
  logger: Logger,
): { readonly server: Server; readonly operations: Operations } {
  const services = fakeServices(schema, script ? { script } : {});
  // Faked work is a timer: there is no telling how many a test wants at once, and no harm in many.
  const concurrency = Number.POSITIVE_INFINITY;
  const operations = createOperations({ store, methods: services.methods, concurrency, logger });
  const server = new Server();
  server.addService(OperationsService, operations.handlers);
  services.addTo(server, operations);
  return { server, operations };
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
