import type { Attributes, ObservableGauge, ObservableResult } from '@opentelemetry/api';
import type { UnfinishedCount } from '../server/index.js';
import { Attribute } from './metrics.js';

/** A reader of metrics has other things to read, and gives up after some seconds. */
const PATIENCE_MS = 2000;

/** Undefined when there is no answer. */
type Counts = readonly UnfinishedCount[] | undefined;

/**
 * Asks for what has not ended whenever metrics are read: once at a time, however many read them, and with patience for
 * two seconds. A store that is away is no reason for the other metrics to be missing.
 *
 * @returns a function that ends it.
 */
export function observeUnfinished(
  gauge: ObservableGauge,
  count: () => Promise<readonly UnfinishedCount[]>,
): () => void {
  let asked: Promise<Counts> | undefined;
  const ask = () => {
    asked ??= count()
      .catch(() => undefined)
      .finally(() => {
        asked = undefined;
      });
    return asked;
  };
  /** A point that is not observed again keeps its value, so all that ever were are. */
  const known = new Map<string, Attributes>();
  const observe = async (result: ObservableResult) => {
    const counts = await soon(ask());
    if (!counts) return;
    const values = new Map<string, number>();
    for (const { method, state, count } of counts) {
      const key = `${state} ${method}`;
      known.set(key, { [Attribute.METHOD]: method.slice(1), [Attribute.STATE]: state });
      values.set(key, count);
    }
    for (const [key, attributes] of known) result.observe(values.get(key) ?? 0, attributes);
  };
  gauge.addCallback(observe);
  return () => gauge.removeCallback(observe);
}

async function soon(counts: Promise<Counts>): Promise<Counts> {
  const tooLate = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => tooLate.resolve(undefined), PATIENCE_MS);
  try {
    return await Promise.race([counts, tooLate.promise]);
  } finally {
    clearTimeout(timer);
  }
}
