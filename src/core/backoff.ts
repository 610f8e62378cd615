/** Growth of the pauses between attempts. */
export interface BackoffPolicy {
  readonly initialMs: number;
  readonly multiplier: number;
  readonly maxMs: number;
}

/** Pauses between attempts at the same thing, each longer than the one before. */
export class Backoff {
  readonly #policy: BackoffPolicy;
  readonly #random: () => number;
  #attempt = 0;

  /**
   * Without `random`, there is no jitter. With it, each pause is between half and all of the policy's, so that callers
   * that failed together do not retry together.
   *
   * @param random - source of jitter: returns a number from 0 up to 1, as `Math.random` does.
   */
  constructor(policy: BackoffPolicy, random: () => number = () => 1) {
    this.#policy = policy;
    this.#random = random;
  }

  /** Returns the next pause, in milliseconds. */
  next(): number {
    const { initialMs, multiplier, maxMs } = this.#policy;
    const wholeMs = Math.min(maxMs, initialMs * multiplier ** this.#attempt++);
    return wholeMs * (0.5 + this.#random() / 2);
  }

  /** Skips the pauses after the first `attempts` attempts, unless they have been taken. */
  skipTo(attempts: number): void {
    this.#attempt = Math.max(this.#attempt, attempts);
  }

  /** Begins with the first pause again. */
  reset(): void {
    this.#attempt = 0;
  }
}
