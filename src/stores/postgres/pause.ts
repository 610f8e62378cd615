import { sleep } from '../../signals.js';

const FIRST_MS = 100;
const LONGEST_MS = 5000;

/** Pauses between attempts to reach a database that is away, each twice as long as the one before. */
export class Pause {
  #ms = FIRST_MS;

  /** Resolves after the next pause, or as soon as the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    await sleep(this.#ms, signal).catch(() => {});
    this.#ms = Math.min(2 * this.#ms, LONGEST_MS);
  }

  /** It was reached. */
  reset(): void {
    this.#ms = FIRST_MS;
  }
}
