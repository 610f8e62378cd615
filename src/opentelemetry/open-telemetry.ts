import type { MeterProvider, Tracer, TracerProvider } from '@opentelemetry/api';
import { importPackage } from '../core/optional-package.js';
import { codeName, StatusError } from '../core/status.js';
import type { TraceContext } from '../core/trace-context.js';
import type {
  OperationRecord,
  StoreVerb,
  Telemetry,
  TelemetryCall,
  TelemetryRun,
  UnfinishedCount,
} from '../server/index.js';
import { CallTelemetry } from './call-telemetry.js';
import { type Instruments, instrumentsOf, type OpenTelemetryApi } from './instruments.js';
import { Attribute } from './metrics.js';
import { measureChange } from './operation-metrics.js';
import { RunTelemetry } from './run-telemetry.js';
import { traceContextOf } from './span-context.js';
import { observeUnfinished } from './unfinished-gauge.js';

// The providers are declared structurally, so that the declarations of the kit do not depend on `@opentelemetry/api`.

/** A `TracerProvider` of `@opentelemetry/api`. */
export interface TracerSource {
  /** Returns a tracer, which starts spans. */
  getTracer(name: string, version?: string): object;
}

/** A `MeterProvider` of `@opentelemetry/api`. */
export interface MeterSource {
  /** Returns a meter, which creates instruments. */
  getMeter(name: string, version?: string): object;
}

/** Options of {@link openTelemetry}. */
export interface OpenTelemetryOptions {
  /** Provider of tracers. @defaultValue the provider that the application has registered */
  readonly tracerProvider?: TracerSource | undefined;
  /** Provider of meters. @defaultValue the provider that the application has registered */
  readonly meterProvider?: MeterSource | undefined;
}

const SCOPE = 'longrunning';

/**
 * Creates telemetry that reports to OpenTelemetry: a span for each call, a span for each run of an operation's work, linked to
 * the call that started it, and the metrics of `docs/observability.md`. Needs the package `@opentelemetry/api`. The application
 * sets up the SDK, which exports spans and metrics, before it calls this function.
 *
 * @throws StatusError FAILED_PRECONDITION if the package is not installed.
 *
 * @example
 * ```ts
 * const operations = createOperations({ telemetry: await openTelemetry(), methods: [exportReport] });
 * ```
 */
export async function openTelemetry(options: OpenTelemetryOptions = {}): Promise<Telemetry> {
  const peer = { name: '@opentelemetry/api', neededBy: 'openTelemetry()', install: '@opentelemetry/api' };
  const api = await importPackage(peer, () => import('@opentelemetry/api'));
  const tracers = (options.tracerProvider as TracerProvider | undefined) ?? api.trace;
  const meters = (options.meterProvider as MeterProvider | undefined) ?? api.metrics;
  return new ServerTelemetry(api, tracers.getTracer(SCOPE), instrumentsOf(meters.getMeter(SCOPE)));
}

class ServerTelemetry implements Telemetry {
  readonly #api: OpenTelemetryApi;
  readonly #tracer: Tracer;
  readonly #instruments: Instruments;

  constructor(api: OpenTelemetryApi, tracer: Tracer, instruments: Instruments) {
    this.#api = api;
    this.#tracer = tracer;
    this.#instruments = instruments;
  }

  call(facts: Parameters<Telemetry['call']>[0]): TelemetryCall {
    const { callDuration: duration } = this.#instruments;
    return new CallTelemetry({ api: this.#api, tracer: this.#tracer, duration }, facts);
  }

  current(): TraceContext | undefined {
    const context = this.#api.trace.getActiveSpan()?.spanContext();
    return context && this.#api.isSpanContextValid(context) ? traceContextOf(context) : undefined;
  }

  run(record: OperationRecord): TelemetryRun {
    return new RunTelemetry({ api: this.#api, tracer: this.#tracer, ...this.#instruments }, record);
  }

  changed(before: OperationRecord | undefined, after: OperationRecord, at: number): void {
    measureChange(this.#instruments, before, after, at);
  }

  wait(): () => void {
    const { waits } = this.#instruments;
    waits.add(1);
    return () => waits.add(-1);
  }

  storeCall(verb: StoreVerb): (error?: unknown) => void {
    const startedAt = performance.now();
    return (error) => {
      const seconds = (performance.now() - startedAt) / 1000;
      this.#instruments.storeDuration.record(seconds, {
        [Attribute.VERB]: verb,
        ...(error !== undefined && { [Attribute.ERROR_TYPE]: codeName(StatusError.from(error).code) }),
      });
    };
  }

  unfinished(count: () => Promise<readonly UnfinishedCount[]>): () => void {
    return observeUnfinished(this.#instruments.unfinished, count);
  }
}
