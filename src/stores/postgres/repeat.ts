import { type Clock, systemClock } from '../../core/clock.js';
import { sleep } from '../../core/signals.js';

/**
 * Runs `task` every `intervalMs`, never two at a time.
 *
 * @returns a function that ends it, and resolves when no task is running any more.
 */
export function repeat(
  intervalMs: number,
  task: () => Promise<void>,
  clock: Clock = systemClock,
): () => Promise<void> {
  const stopped = new AbortController();
  const { signal } = stopped;
  const run = async () => {
    while (!signal.aborted) {
      await sleep(intervalMs, signal, clock).catch(() => {});
      if (!signal.aborted) await task();
    }
  };
  const ended = run();
  return () => {
    stopped.abort();
    return ended;
  };
}
