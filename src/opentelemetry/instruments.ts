import type { Histogram, Meter, MetricOptions, ObservableGauge, UpDownCounter } from '@opentelemetry/api';
import { METRICS, type MetricDefinition } from './metrics.js';

type Kinds = { readonly [Key in keyof typeof METRICS]: (typeof METRICS)[Key]['kind'] };
interface InstrumentOf {
  readonly histogram: Histogram;
  readonly 'up-down counter': UpDownCounter;
  readonly gauge: ObservableGauge;
}

/** What measures go to, one for each of the {@link METRICS}. */
export type Instruments = { readonly [Key in keyof Kinds]: InstrumentOf[Kinds[Key]] };

/** Makes them with a meter. */
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
