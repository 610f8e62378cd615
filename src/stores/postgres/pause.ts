import { type Clock, systemClock } from '../../core/clock.js';
import { sleep } from '../../core/signals.js';

const FIRST_MS = 100;
const LONGEST_MS = 5000;

/** Backoff between attempts to reach a database that is away: each pause is twice as long as the one before. */
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

  /** The database was reached. */
  reset(): void {
    this.#ms = FIRST_MS;
  }
}
