import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Gateway, ServedPort, ServerTls } from '../../gateway/index.js';
import type { Telemetry } from '../../server/index.js';
import { UsageError } from '../output/failure.js';
import { serveAt } from './listen.js';
import type { Log } from './log.js';

const PACKAGES = ['@opentelemetry/api', '@opentelemetry/sdk-metrics', '@opentelemetry/exporter-prometheus'];
const PATH = '/metrics';
/** Time for a request to arrive: it has no body and few headers. */
const ARRIVAL_MS = 10_000;

/** Security of the port. */
export interface MetricsSecurity {
  readonly insecure: boolean;
  readonly tls: ServerTls | undefined;
  readonly logger: Log;
}

/** Metrics for Prometheus. */
export interface MetricsEndpoint {
  /** Receives the measurements. */
  readonly telemetry: Telemetry;
  /** Listens at `host:port` or `unix:path`, like the other ports. */
  listen(address: string, security: MetricsSecurity): Promise<ServedPort>;
  close(): Promise<void>;
}

/**
 * Loads OpenTelemetry and creates the endpoint. Servers without metrics do not load it.
 *
 * @throws UsageError if the packages are not installed.
 */
export async function metricsEndpoint(): Promise<MetricsEndpoint> {
  const { MeterProvider, PrometheusExporter } = await loadSdk();
  const { openTelemetry } = await import('../../opentelemetry/index.js');
  // The exporter's own server replaces port 0 by its default. Target info would reveal the path of the executable.
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutTargetInfo: true });
  const meterProvider = new MeterProvider({ readers: [exporter] });
  const answer = answering((request, response) => exporter.getMetricsRequestHandler(request, response));
  return {
    telemetry: openTelemetry({ meterProvider }),
    listen: (address, { insecure, tls, logger }) =>
      serveAt({ gateway: answer, address, insecure, logger, tls }),
    close: () => meterProvider.shutdown(),
  };
}

async function loadSdk() {
  try {
    await import('@opentelemetry/api');
    const { MeterProvider } = await import('@opentelemetry/sdk-metrics');
    const { PrometheusExporter } = await import('@opentelemetry/exporter-prometheus');
    return { MeterProvider, PrometheusExporter };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const absent = PACKAGES.find((name) => message.includes(`'${name}'`));
    if (absent === undefined || !/MODULE_NOT_FOUND/.test(code ?? '')) throw cause;
    const advice = `npm install ${PACKAGES.join(' ')}`;
    throw new UsageError(`package ${absent} is not installed, and --metrics needs it: ${advice}`, { cause });
  }
}

/** Adapts the metrics handler to the interface of a gateway, which ports serve. */
function answering(metrics: (request: IncomingMessage, response: ServerResponse) => void): Gateway {
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const [path] = (request.url ?? '').split('?');
    if (path !== PATH) refuse(response, 404, `nothing is at this path: ask for ${PATH}`);
    else if (request.method !== 'GET' && request.method !== 'HEAD')
      refuse(response, 405, `metrics are read by GET ${PATH}`);
    else metrics(request, response);
  };
  return Object.assign(answer, {
    serverOptions: { headersTimeout: ARRIVAL_MS, requestTimeout: ARRIVAL_MS, maxHeaderSize: 16_384 },
    onClientError: (_: Error, socket: Duplex) => socket.destroy(),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  });
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
}
