import { createRequire } from 'node:module';
import type { MeterProvider, Tracer, TracerProvider } from '@opentelemetry/api';
import { requirePackage } from '../core/optional-package.js';
import { codeName, StatusError } from '../core/status.js';
import type { TraceContext } from '../core/trace-context.js';
import type { OperationRecord, Telemetry, TelemetryCall, TelemetryRun } from '../server/index.js';
import { CallTelemetry } from './call-telemetry.js';
import { type Instruments, instrumentsOf, type OpenTelemetryApi } from './instruments.js';
import { Attribute } from './metrics.js';
import { measureChange } from './operation-metrics.js';
import { RunTelemetry } from './run-telemetry.js';
import { traceContextOf } from './span-context.js';
import { observeUnfinished } from './unfinished-gauge.js';

const SCOPE = 'longrunning';

/**
 * Creates telemetry that reports to OpenTelemetry: a span for each call, a span for each run of an operation's work, linked to
 * the call that started it, and the metrics of `docs/observability.md`. The application sets up the SDK, which exports spans and
 * metrics, before it calls this function.
 *
 * Needs the package `@opentelemetry/api`. If it is not installed, `operations.ready()` rejects with FAILED_PRECONDITION, and
 * nothing is reported.
 *
 * @example
 * ```ts
 * const operations = createOperations({ telemetry: openTelemetry(), methods: [exportReport] });
 * ```
 */
export function openTelemetry(
  options: {
    /** A `TracerProvider` of `@opentelemetry/api`. @defaultValue the provider that the application has registered */
    readonly tracerProvider?:
      | {
          /** Returns a tracer, which starts spans. */
          getTracer(name: string, version?: string): object;
        }
      | undefined;
    /** A `MeterProvider` of `@opentelemetry/api`. @defaultValue the provider that the application has registered */
    readonly meterProvider?:
      | {
          /** Returns a meter, which creates instruments. */
          getMeter(name: string, version?: string): object;
        }
      | undefined;
  } = {},
): Telemetry {
  const peer = { name: '@opentelemetry/api', neededBy: 'openTelemetry()', install: '@opentelemetry/api' };
  try {
    const api = requirePackage(
      peer,
      (): OpenTelemetryApi => createRequire(import.meta.url)('@opentelemetry/api'),
    );
    const tracers = (options.tracerProvider as TracerProvider | undefined) ?? api.trace;
    const meters = (options.meterProvider as MeterProvider | undefined) ?? api.metrics;
    return new ServerTelemetry(api, tracers.getTracer(SCOPE), instrumentsOf(meters.getMeter(SCOPE)));
  } catch (error) {
    return new UnavailableTelemetry(error);
  }
}

/** Telemetry whose package could not be loaded. The server logs the error of each callback once. */
class UnavailableTelemetry implements Telemetry {
  readonly #error: unknown;

  constructor(error: unknown) {
    this.#error = error;
  }

  async ready(): Promise<void> {
    throw this.#error;
  }

  call(): never {
    throw this.#error;
  }

  current(): never {
    throw this.#error;
  }

  run(): never {
    throw this.#error;
  }

  changed(): never {
    throw this.#error;
  }

  wait(): never {
    throw this.#error;
  }

  storeCall(): never {
    throw this.#error;
  }

  unfinished(): never {
    throw this.#error;
  }
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

  storeCall(verb: Parameters<Telemetry['storeCall']>[0]): (error?: unknown) => void {
    const startedAt = performance.now();
    return (error) => {
      const seconds = (performance.now() - startedAt) / 1000;
      this.#instruments.storeDuration.record(seconds, {
        [Attribute.VERB]: verb,
        ...(error !== undefined && { [Attribute.ERROR_TYPE]: codeName(StatusError.from(error).code) }),
      });
    };
  }

  unfinished(count: Parameters<Telemetry['unfinished']>[0]): () => void {
    return observeUnfinished(this.#instruments.unfinished, count);
  }
}
