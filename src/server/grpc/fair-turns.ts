/** Time that costly answers may take in one turn of the event loop, before others are served. */
const TURN_MS = 10;

/**
 * Spreads costly answers over turns of the event loop, so that a client which asks for many at once holds up nobody. In a
 * turn they are made one after another, as many as take {@link TURN_MS} together.
 */
export class FairTurns {
  readonly #waiting: (() => void)[] = [];
  /** Set in a turn in which answers are made. */
  #beganAt: number | undefined;
  #isMaking = false;

  /** Makes an answer when its turn has come. */
  async make<Answer>(answer: () => Promise<Answer>): Promise<Answer> {
    if (this.#isFree() && this.#waiting.length === 0) this.#begin();
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await answer();
    } finally {
      // By then it has been encoded too.
      process.nextTick(() => this.#made());
    }
  }

  #isFree(): boolean {
    return !this.#isMaking && (this.#beganAt === undefined || performance.now() - this.#beganAt < TURN_MS);
  }

  #begin(): void {
    this.#isMaking = true;
    if (this.#beganAt !== undefined) return;
    this.#beganAt = performance.now();
    setImmediate(() => this.#nextTurn());
  }

  #made(): void {
    this.#isMaking = false;
    if (this.#beganAt !== undefined && this.#isFree()) this.#next();
  }

  /** An answer that waits for its store holds up others for one turn at most. */
  #nextTurn(): void {
    this.#beganAt = undefined;
    this.#isMaking = false;
    this.#next();
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (!next) return;
    this.#begin();
    next();
  }
}
