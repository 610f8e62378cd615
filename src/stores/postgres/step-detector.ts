import type { Clock } from '../../core/clock.js';

/** Reading of a clock, made between `sentAt` and `receivedAt` of the monotonic clock. */
interface Reading {
  readonly time: number;
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** Dependencies and tolerance of a step detector. */
export interface StepDetectorOptions {
  /** Reads the clock that may step, in milliseconds since any epoch. */
  readonly read: () => Promise<number>;
  /** Monotonic clock. */
  readonly clock: Clock;
  /** Smallest step that is detected. */
  readonly toleranceMs: number;
}

/**
 * Detects steps of a clock, which should advance like the monotonic clock between two readings. Delays of the network
 * or of this process are not mistaken for steps.
 */
export class StepDetector {
  readonly #options: StepDetectorOptions;
  #last: Reading | undefined;

  constructor(options: StepDetectorOptions) {
    this.#options = options;
  }

  /** Reads the clock. Resolves to true if it has stepped, forward or backward, since the last reading. */
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
