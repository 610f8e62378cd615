import type { ObservableGauge, ObservableResult } from '@opentelemetry/api';
import type { UnfinishedCount } from '../server/index.js';
import { Attribute } from './metrics.js';

/** A reader of metrics has other things to read, and gives up after some seconds. */
const PATIENCE_MS = 2000;

type Count = () => Promise<readonly UnfinishedCount[]>;

/**
 * Asks for what has not ended whenever metrics are read: once at a time, however many read them, and with patience for
 * two seconds. A store that is away is no reason for the other metrics to be missing: this one is left out.
 *
 * @returns a function that ends it.
 */
export function observeUnfinished(gauge: ObservableGauge, count: Count): () => void {
  let asked: Promise<readonly UnfinishedCount[]> | undefined;
  const ask = () => {
    asked ??= count()
      .catch(() => [])
      .finally(() => {
        asked = undefined;
      });
    return asked;
  };
  const observe = async (result: ObservableResult) => {
    for (const { method, state, count } of await soon(ask())) {
      result.observe(count, { [Attribute.METHOD]: method.slice(1), [Attribute.STATE]: state });
    }
  };
  gauge.addCallback(observe);
  return () => gauge.removeCallback(observe);
}

async function soon(counts: Promise<readonly UnfinishedCount[]>): Promise<readonly UnfinishedCount[]> {
  const tooLate = Promise.withResolvers<readonly UnfinishedCount[]>();
  const timer = setTimeout(() => tooLate.resolve([]), PATIENCE_MS);
  try {
    return await Promise.race([counts, tooLate.promise]);
  } finally {
    clearTimeout(timer);
  }
}
