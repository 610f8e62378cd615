import type { Server } from '@grpc/grpc-js';
import { systemClock } from '../../core/clock.js';
import type { ServedPort } from '../../gateway/index.js';
import type { FakeServer } from '../../testing/server/faking.js';
import { ExitCode } from '../output/failure.js';
import type { Terminal } from '../output/terminal.js';
import { onTermination, signalExitCode, type TerminationSignal } from '../output/terminal.js';
import { CallFile } from './call-file.js';
import { type FakedServersSettings, fakedServers } from './faked-servers.js';
import { closePorts, listen, type Ports, reloadOnHangup } from './listen.js';
import { type Log, openLog } from './log.js';
import { type MetricsEndpoint, metricsEndpoint } from './metrics-endpoint.js';
import type { ListenSettings, LogLevel } from './options.js';
import { onChange, readScript, type ServedProtos } from './served-protos.js';

/** Time for calls in progress to finish when the server closes. */
const SHUTDOWN_MS = 1000;
/** Time after the grace for everything else: recording interruptions, and finishing calls on both protocols. */
const FORCED_EXIT_MS = 4000;

/** Settings of a running server. */
export interface ServeSettings extends ListenSettings, FakedServersSettings {
  /** Time for running work to end after the signal to stop. */
  readonly graceMs: number;
  /** Time before the shutdown in which health reports NOT_SERVING while calls are still accepted. */
  readonly drainDelayMs: number;
  /** Script file to reload on changes; undefined disables reloading. */
  readonly watch: string | undefined;
  /** File in which to record calls; undefined disables recording. */
  readonly record: string | undefined;
  /** Address of the metrics endpoint; undefined disables it. */
  readonly metricsAddress: string | undefined;
  readonly logLevel: LogLevel;
  readonly terminal: Terminal;
}

/**
 * Serves until SIGINT or SIGTERM. Then it answers waits, gives work its grace and finishes calls. If something hangs,
 * such as a store that does not answer, the process exits anyway. A second signal ends it at once.
 *
 * @throws UsageError if the server cannot start or listen.
 */
export async function serveUntilTerminated(served: ServedProtos, settings: ServeSettings): Promise<void> {
  const { record, metricsAddress, logLevel } = settings;
  const logger = openLog(logLevel);
  const metrics = metricsAddress === undefined ? undefined : await metricsEndpoint();
  const recording = record === undefined ? undefined : CallFile.open(record, logger);
  try {
    await serve(served, { ...settings, telemetry: metrics?.telemetry }, { recording, metrics, logger });
  } finally {
    recording?.close();
    await metrics?.close();
  }
}

/** Recording, metrics and log of a server. */
interface Observers {
  readonly recording: CallFile | undefined;
  readonly metrics: MetricsEndpoint | undefined;
  readonly logger: Log;
}

async function serve(
  served: ServedProtos,
  settings: ServeSettings,
  { recording, metrics, logger }: Observers,
): Promise<void> {
  const { graceMs, drainDelayMs, terminal, watch, insecure, tls, metricsAddress = '' } = settings;
  const fakes = fakedServers(served, settings, recording, logger);
  const { server, gateway, operations } = fakes;
  const terminated = Promise.withResolvers<TerminationSignal>();
  const stopListening = onTermination(terminal, terminated.resolve);
  let ports: Ports | undefined;
  let metricsPort: ServedPort | undefined;
  let stopReloading = () => {};
  let stopWatching = () => {};
  try {
    await operations.ready();
    ports = await listen({ server, gateway, logger }, settings);
    metricsPort = await metrics?.listen(metricsAddress, { insecure, tls, logger });
    const all = [ports.main, ports.rest, metricsPort].filter((port) => port !== undefined);
    stopReloading = reloadOnHangup(all, settings, logger);
    if (watch !== undefined) stopWatching = followScript(watch, served, fakes, logger);
    warnOfFaults(served, logger);
    warnOfDeprecated(served, logger);
    printAddresses(ports, metricsPort, terminal);
    const signal = await terminated.promise;
    logger.info({ signal, graceMs, drainDelayMs }, 'stopping; a second signal ends at once');
  } finally {
    stopListening();
    stopWatching();
    stopReloading();
    const stopListeningAgain = onTermination(terminal, (signal) => {
      recording?.close(fakes.calls);
      terminal.exit(signalExitCode(signal));
    });
    // Without ports there are no calls to drain.
    const delayMs = ports ? drainDelayMs : 0;
    const cancelExit = scheduleExit(delayMs + graceMs + FORCED_EXIT_MS, terminal, logger);
    try {
      await operations.close({ graceMs, drainDelayMs: delayMs });
      if (ports) await closePorts(ports, SHUTDOWN_MS);
      await metricsPort?.close({ graceMs: SHUTDOWN_MS });
      await gateway?.close();
      await shutDown(server);
      recording?.close(fakes.calls);
    } finally {
      stopListeningAgain();
      cancelExit();
    }
  }
}

/** Prints the addresses. Programs that start the server read the first line. */
function printAddresses({ main, rest }: Ports, metrics: ServedPort | undefined, { stdout }: Terminal): void {
  stdout.write(`longrunning: listening on ${main.address}\n`);
  if (rest) stdout.write(`longrunning: REST on ${rest.address}\n`);
  if (metrics) stdout.write(`longrunning: metrics on ${metrics.address}\n`);
}

/** Reloads the script when the file changes. An invalid script is logged and ignored. */
function followScript(script: string, { schema }: ServedProtos, fakes: FakeServer, logger: Log): () => void {
  const replace = async () => {
    fakes.replaceScript(await readScript(script, schema));
    logger.info({ script }, 'script was reloaded');
  };
  const refuse = (error: unknown) => {
    const { message } = error as Error;
    logger.error({ script }, `script has changed but is invalid; the previous one stays in use: ${message}`);
  };
  return onChange(script, replace, refuse);
}

function warnOfFaults({ schema }: ServedProtos, logger: Log): void {
  for (const { name, faults } of schema.methods) {
    if (faults.length === 0) continue;
    logger.warn({ method: name }, `${faults.join('; ')}; until then google.protobuf.Empty takes its place`);
  }
}

function warnOfDeprecated({ schema }: ServedProtos, logger: Log): void {
  const deprecated = schema.methods.filter((method) => method.deprecated).map(({ descriptor }) => descriptor);
  for (const service of new Set(deprecated.map(({ parent }) => parent.typeName))) {
    logger.warn({ service }, 'service is deprecated, or methods of it are: its proto says so');
  }
}

/** Finishes the calls in progress, and cuts off those that take too long. */
async function shutDown(server: Server): Promise<void> {
  const cutOff = setTimeout(() => server.forceShutdown(), SHUTDOWN_MS);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(cutOff);
}

/**
 * Exits after `afterMs` unless the process has ended: a store may neither answer nor fail. It keeps what it has
 * acknowledged. Work whose end it was not told counts as interrupted.
 *
 * @returns a function that cancels the exit.
 */
function scheduleExit(afterMs: number, terminal: Terminal, logger: Log): () => void {
  const end = () => {
    logger.error({ afterMs }, 'shutdown did not finish in time; exiting anyway');
    terminal.exit(ExitCode.SUCCEEDED);
  };
  return systemClock.setTimer(end, afterMs);
}
