import type { BackoffPolicy } from '../../core/backoff.js';
import { type Clock, systemClock } from '../../core/clock.js';
import { sleep } from '../../core/signals.js';

/**
 * Runs `task` every `intervalMs`, never concurrently.
 *
 * @returns a function that stops it and resolves once no task is running.
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

/** Backoff between attempts to reach an unavailable database. */
export const RECONNECT_BACKOFF: BackoffPolicy = { initialMs: 100, multiplier: 2, maxMs: 5000 };
