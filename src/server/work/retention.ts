import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import type { OperationStore } from '../../stores/contract/operation-store.js';

/** Bounds of the sweep interval, which otherwise equals the retention time. */
const SHORTEST_INTERVAL_MS = 1000;
const LONGEST_INTERVAL_MS = 60_000;
const BATCH = 500;

/**
 * Deletes expired operations in the background, in small batches. Readers do not depend on it: they no longer find an
 * operation once it has expired.
 *
 * @returns a function that stops the sweep.
 */
export function sweepExpired(
  store: OperationStore,
  retentionMs: number,
  clock: Clock,
  logger: Logger,
): () => void {
  const intervalMs = Math.min(Math.max(retentionMs, SHORTEST_INTERVAL_MS), LONGEST_INTERVAL_MS);
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
    stop = clock.setTimer(sweep, intervalMs, { background: true });
  };
  arm();
  return () => {
    stopped = true;
    stop();
  };
}
