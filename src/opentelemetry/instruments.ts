import type { Histogram, Meter, MetricOptions, ObservableGauge, UpDownCounter } from '@opentelemetry/api';
import { METRICS, type MetricDefinition } from './metrics.js';

/** Module `@opentelemetry/api`, which is loaded on demand. */
export type OpenTelemetryApi = typeof import('@opentelemetry/api');

type Kinds = { readonly [Key in keyof typeof METRICS]: (typeof METRICS)[Key]['kind'] };
interface InstrumentOf {
  readonly histogram: Histogram;
  readonly 'up-down counter': UpDownCounter;
  readonly gauge: ObservableGauge;
}

/** Instruments of all {@link METRICS}, by key. */
export type Instruments = { readonly [Key in keyof Kinds]: InstrumentOf[Kinds[Key]] };

/** Creates the instruments with a meter. */
export function instrumentsOf(meter: Meter): Instruments {
  const histogram = (metric: MetricDefinition) => meter.createHistogram(metric.name, optionsOf(metric));
  const counter = (metric: MetricDefinition) => meter.createUpDownCounter(metric.name, optionsOf(metric));
  return {
    callDuration: histogram(METRICS.callDuration),
    unfinished: meter.createObservableGauge(METRICS.unfinished.name, optionsOf(METRICS.unfinished)),
    queueDuration: histogram(METRICS.queueDuration),
    runDuration: histogram(METRICS.runDuration),
    runs: counter(METRICS.runs),
    operationDuration: histogram(METRICS.operationDuration),
    cancelDuration: histogram(METRICS.cancelDuration),
    waits: counter(METRICS.waits),
    storeDuration: histogram(METRICS.storeDuration),
  };
}

function optionsOf({ description, unit, buckets }: MetricDefinition): MetricOptions {
  return { description, unit, ...(buckets && { advice: { explicitBucketBoundaries: [...buckets] } }) };
}
