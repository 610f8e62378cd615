import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import { codeName, type StatusError } from '../core/status.js';
import type { TraceContext } from '../core/trace-context.js';
import type { OperationRecord, TelemetryRun } from '../server/index.js';
import type { Instruments, OpenTelemetryApi } from './instruments.js';
import { Attribute } from './metrics.js';
import { spanContextOf, traceContextOf } from './span-context.js';

/** Tracer and instruments for runs. */
export interface RunInstruments extends Pick<Instruments, 'runs' | 'runDuration'> {
  readonly api: OpenTelemetryApi;
  readonly tracer: Tracer;
}

/** Span event of a run whose cancellation was requested. */
const CANCEL_EVENT = 'longrunning.cancel_requested';

/**
 * Reports one run: its duration, and a span linked to the call that started the operation. The span is the root of a new trace,
 * because work may take a day.
 */
export class RunTelemetry implements TelemetryRun {
  readonly #instruments: RunInstruments;
  readonly #method: Attributes;
  readonly #startedAt = performance.now();
  readonly #span: Span;
  readonly #context: Context;

  constructor(instruments: RunInstruments, { name, method, attempt, trace }: OperationRecord) {
    const { api, tracer, runs } = instruments;
    this.#instruments = instruments;
    const path = method.slice(1);
    this.#method = { [Attribute.METHOD]: path };
    const startedBy = trace && spanContextOf(trace, api);
    const attributes = { ...this.#method, [Attribute.OPERATION]: name, [Attribute.ATTEMPT]: attempt };
    const links = startedBy ? [{ context: startedBy }] : [];
    const options = { kind: api.SpanKind.CONSUMER, root: true, attributes, links };
    this.#span = tracer.startSpan(`run ${path}`, options, api.ROOT_CONTEXT);
    this.#context = api.trace.setSpan(api.ROOT_CONTEXT, this.#span);
    runs.add(1, this.#method);
  }

  get trace(): TraceContext | undefined {
    const context = this.#span.spanContext();
    return this.#instruments.api.isSpanContextValid(context) ? traceContextOf(context) : undefined;
  }

  within<Result>(act: () => Result): Result {
    return this.#instruments.api.context.with(this.#context, act);
  }

  cancelRequested(): void {
    this.#span.addEvent(CANCEL_EVENT);
  }

  end(ending: Parameters<TelemetryRun['end']>[0], error?: StatusError): void {
    const { api, runs, runDuration } = this.#instruments;
    const outcome: Attributes = {
      [Attribute.ENDING]: ending,
      ...(error && { [Attribute.ERROR_TYPE]: codeName(error.code) }),
    };
    this.#span.setAttributes(outcome);
    if (error) this.#span.setStatus({ code: api.SpanStatusCode.ERROR, message: error.message });
    this.#span.end();
    runs.add(-1, this.#method);
    const seconds = (performance.now() - this.#startedAt) / 1000;
    runDuration.record(seconds, { ...this.#method, ...outcome }, this.#context);
  }
}
