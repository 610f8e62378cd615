import type { Attributes, ObservableGauge, ObservableResult } from '@opentelemetry/api';
import type { Telemetry } from '../server/index.js';
import { Attribute } from './metrics.js';

/** Time limit of one count, because readers of metrics give up after some seconds. */
const COUNT_TIMEOUT_MS = 2000;

/** Undefined if the count failed or timed out. */
type Counts = Awaited<ReturnType<Parameters<Telemetry['unfinished']>[0]>> | undefined;

/**
 * Counts unfinished operations whenever metrics are read. Concurrent readers share one count, which may take two seconds. If the
 * store is unavailable, only this metric is missing.
 *
 * @returns a function that stops the counting.
 */
export function observeUnfinished(
  gauge: ObservableGauge,
  count: Parameters<Telemetry['unfinished']>[0],
): () => void {
  let pending: Promise<Counts> | undefined;
  const countOnce = () => {
    pending ??= count()
      .catch(() => undefined)
      .finally(() => {
        pending = undefined;
      });
    return pending;
  };
  /** Attributes of all points so far: a point that is no longer observed would keep its value. */
  const known = new Map<string, Attributes>();
  const observe = async (result: ObservableResult) => {
    const counts = await withTimeout(countOnce());
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

async function withTimeout(counts: Promise<Counts>): Promise<Counts> {
  const timedOut = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => timedOut.resolve(undefined), COUNT_TIMEOUT_MS);
  try {
    return await Promise.race([counts, timedOut.promise]);
  } finally {
    clearTimeout(timer);
  }
}
