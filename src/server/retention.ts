import type { Clock } from '../clock.js';
import type { OperationStore } from '../stores/operation-store.js';
import type { Logger } from './logger.js';

const SWEEP_INTERVAL_MS = 60_000;
const BATCH = 500;

/**
 * Forgets expired operations in the background, in small batches. Readers do not depend on it: to them an
 * operation is gone the moment it expires.
 *
 * @returns a function that ends it.
 */
export function sweepExpired(store: OperationStore, clock: Clock, logger: Logger): () => void {
  let stop = () => {};
  let stopped = false;
  const sweep = async () => {
    try {
      while (!stopped && (await store.deleteExpired(clock.now(), BATCH)) === BATCH);
    } catch (error) {
      if (!stopped) logger.error({ err: error }, 'expired operations could not be deleted');
    }
    if (!stopped) arm();
  };
  const arm = () => {
    stop = clock.setTimer(sweep, SWEEP_INTERVAL_MS, { background: true });
  };
  arm();
  return () => {
    stopped = true;
    stop();
  };
}
