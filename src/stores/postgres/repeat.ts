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

const FIRST_MS = 100;
const LONGEST_MS = 5000;

/** Backoff between attempts to reach an unavailable database. Each pause is twice as long as the one before. */
export class Pause {
  readonly #clock: Clock;
  #ms = FIRST_MS;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Resolves after the next pause, or as soon as the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    await sleep(this.#ms, signal, this.#clock).catch(() => {});
    this.#ms = Math.min(2 * this.#ms, LONGEST_MS);
  }

  /** Restarts with the first pause, after the database was reached. */
  reset(): void {
    this.#ms = FIRST_MS;
  }
}
