import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  DataPointType,
  MeterProvider,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { openTelemetry } from 'longrunning/opentelemetry';
import type { Telemetry } from 'longrunning/server';

/** Metric reader that collects on demand. */
class Reader extends MetricReader {
  constructor() {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
  }
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

/** A point of a metric: a number, or how many values a histogram has and what they add up to. */
export interface Point {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: number;
  readonly sum: number;
}

export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly kind: string;
  readonly points: readonly Point[];
}

const KINDS = {
  [DataPointType.HISTOGRAM]: 'histogram',
  [DataPointType.EXPONENTIAL_HISTOGRAM]: 'exponential histogram',
  [DataPointType.GAUGE]: 'gauge',
  [DataPointType.SUM]: 'up-down counter',
};

/** OpenTelemetry SDK that keeps all spans and metrics in memory. */
export class Recorder implements AsyncDisposable {
  readonly #exporter = new InMemorySpanExporter();
  readonly #reader = new Reader();
  readonly tracerProvider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter: this.#exporter })],
  });
  readonly meterProvider = new MeterProvider({ readers: [this.#reader] });

  constructor() {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  }

  telemetry(): Telemetry {
    return openTelemetry(this);
  }

  /** Spans that have ended, oldest end first. */
  get spans(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  spansNamed(name: string): readonly ReadableSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  async metrics(): Promise<readonly Metric[]> {
    const { resourceMetrics } = await this.#reader.collect();
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
      metrics.map(({ descriptor, dataPointType, dataPoints }) => ({
        name: descriptor.name,
        unit: descriptor.unit,
        kind: KINDS[dataPointType],
        points: dataPoints.map(({ attributes, value }) => ({ attributes, ...pointValue(value) })),
      })),
    );
  }

  async points(name: string): Promise<readonly Point[]> {
    return (await this.metrics()).find((metric) => metric.name === name)?.points ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.meterProvider.shutdown();
    await this.tracerProvider.shutdown();
    context.disable();
  }
}

function pointValue(value: unknown): Pick<Point, 'value' | 'sum'> {
  if (typeof value === 'number') return { value, sum: value };
  const { count, sum } = value as { readonly count: number; readonly sum?: number };
  return { value: count, sum: sum ?? 0 };
}
