import type { Clock } from '../../core/clock.js';

/** One reading of a clock, by the monotonic clock: made between `sentAt` and `receivedAt`. */
interface Reading {
  readonly time: number;
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** What a step detector compares. */
export interface StepDetectorOptions {
  /** Reads the clock that may step: milliseconds since any moment. */
  readonly read: () => Promise<number>;
  /** A clock that does not step. */
  readonly clock: Clock;
  /** Smallest step that is noticed. */
  readonly toleranceMs: number;
}

/**
 * Notices steps of a clock: between two readings it must advance as the monotonic clock does. Delays of a reading, of the
 * network or of this process, are no steps.
 */
export class StepDetector {
  readonly #options: StepDetectorOptions;
  #last: Reading | undefined;

  constructor(options: StepDetectorOptions) {
    this.#options = options;
  }

  /** Reads the clock. Resolves to true if it has stepped, forward or backward, since it was read last. */
  async hasStepped(): Promise<boolean> {
    const { read, clock, toleranceMs } = this.#options;
    const sentAt = clock.now();
    const time = await read();
    const reading = { time, sentAt, receivedAt: clock.now() };
    const last = this.#last;
    this.#last = reading;
    if (!last) return false;
    const advance = time - last.time;
    const longest = reading.receivedAt - last.sentAt + toleranceMs;
    const shortest = reading.sentAt - last.receivedAt - toleranceMs;
    return advance > longest || advance < shortest;
  }
}
