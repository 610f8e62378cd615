import type { Server } from '@grpc/grpc-js';
import type { ServedPort } from '../../gateway/index.js';
import type { FakeServer } from '../../testing/server/faking.js';
import { onTermination, signalExitCode, type TerminationSignal } from '../connection/termination.js';
import { ExitCode } from '../failures/exit-code.js';
import type { Terminal } from '../output/terminal.js';
import { CallFile } from './call-file.js';
import { readCertificates } from './certificates.js';
import { type FakedServersSettings, fakedServers } from './faked-servers.js';
import { closePorts, type ListenSettings, listen, type Ports } from './listen.js';
import { type Log, openLog } from './log.js';
import { type MetricsEndpoint, metricsEndpoint } from './metrics-endpoint.js';
import type { LogLevel } from './observing-options.js';
import { readScript, type ServedProtos } from './served-protos.js';
import { onChange } from './watched-file.js';

/** How long calls that are being answered when the server closes have to finish. */
const SHUTDOWN_MS = 1000;
/** How long after the grace all has to be over: recording what was interrupted, and finishing calls twice. */
const LEAVE_BEHIND_MS = 4000;

/** How a server runs. */
export interface ServeSettings extends ListenSettings, FakedServersSettings {
  /** How long running work has to end once the server is told to stop. */
  readonly graceMs: number;
  /** How long health says NOT_SERVING before that, while all goes on. */
  readonly drainDelayMs: number;
  /** The script, to be read anew whenever it changes; undefined: never. */
  readonly watch: string | undefined;
  /** The file that calls are recorded in; undefined: none. */
  readonly record: string | undefined;
  /** Where metrics are read; undefined: nowhere. */
  readonly metricsAddress: string | undefined;
  readonly logLevel: LogLevel;
  readonly terminal: Terminal;
}

/**
 * Serves until SIGINT or SIGTERM: then waits are answered, work has its grace and calls are finished. What then still
 * hangs, such as a store that does not answer, is left behind. A second signal ends the process at once.
 *
 * @throws UsageError when it cannot begin or listen.
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

/** Who looks on. */
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
  const { graceMs, drainDelayMs, terminal, watch, insecure, metricsAddress = '' } = settings;
  const fakes = fakedServers(served, settings, recording, logger);
  const { server, gateway, operations } = fakes;
  const terminated = Promise.withResolvers<TerminationSignal>();
  const stopHeeding = onTermination(terminal, terminated.resolve);
  let ports: Ports | undefined;
  let metricsPort: ServedPort | undefined;
  let stopReloading = () => {};
  let stopWatching = () => {};
  try {
    await operations.ready();
    const certificates = await readCertificates(settings, logger);
    stopReloading = certificates.stop;
    ports = await listen({ server, gateway, logger }, settings, certificates.tls);
    metricsPort = await metrics?.listen(metricsAddress, { insecure, tls: certificates.tls, logger });
    if (watch !== undefined) stopWatching = followScript(watch, served, fakes, logger);
    warnOfFaults(served, logger);
    warnOfDeprecated(served, logger);
    tellReady(ports, metricsPort, terminal);
    const signal = await terminated.promise;
    logger.info({ signal, graceMs, drainDelayMs }, 'stopping; a second signal ends at once');
  } finally {
    stopHeeding();
    stopWatching();
    stopReloading();
    const stopHeedingSecond = onTermination(terminal, (signal) => {
      recording?.close(fakes.calls);
      terminal.exit(signalExitCode(signal));
    });
    // What never began needs no delay.
    const delayMs = ports ? drainDelayMs : 0;
    const stopLeaving = leaveBehind(delayMs + graceMs + LEAVE_BEHIND_MS, terminal, logger);
    try {
      await operations.close({ graceMs, delayMs });
      if (ports) await closePorts(ports, SHUTDOWN_MS);
      await metricsPort?.close({ graceMs: SHUTDOWN_MS });
      gateway?.close();
      await shutDown(server);
      recording?.close(fakes.calls);
    } finally {
      stopHeedingSecond();
      stopLeaving();
    }
  }
}

/** Whoever started the server reads the address from the first line. */
function tellReady({ main, rest }: Ports, metrics: ServedPort | undefined, { stdout }: Terminal): void {
  stdout.write(`longrunning: listening on ${main.address}\n`);
  if (rest) stdout.write(`longrunning: REST on ${rest.address}\n`);
  if (metrics) stdout.write(`longrunning: metrics on ${metrics.address}\n`);
}

/** Has everything go by the script as it is in the file. One that cannot be used is told of, and changes nothing. */
function followScript(script: string, { schema }: ServedProtos, fakes: FakeServer, logger: Log): () => void {
  const replace = async () => {
    fakes.replaceScript(await readScript(script, schema));
    logger.info({ script }, 'the script has changed, and counts from now on');
  };
  const refuse = (error: unknown) => {
    const { message } = error as Error;
    logger.error({ script }, `the script has changed, but cannot be used; the one before stays: ${message}`);
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

/** Finishes the calls that are being answered; what then still hangs is cut off. */
async function shutDown(server: Server): Promise<void> {
  const cutOff = setTimeout(() => server.forceShutdown(), SHUTDOWN_MS);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(cutOff);
}

/**
 * Ends the process after so long, unless it has ended by itself: a store may neither answer nor fail. What it has
 * acknowledged it keeps; work that it was not told the end of counts as interrupted.
 */
function leaveBehind(afterMs: number, terminal: Terminal, logger: Log): () => void {
  const end = () => {
    logger.error({ afterMs }, 'not everything could be ended in time; the process ends without it');
    terminal.exit(ExitCode.SUCCEEDED);
  };
  const timer = setTimeout(end, afterMs);
  return () => clearTimeout(timer);
}
