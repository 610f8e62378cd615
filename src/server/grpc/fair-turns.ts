/** Maximum time for expensive responses in one turn of the event loop, in milliseconds. */
const TURN_MS = 10;

/**
 * Spreads expensive responses over turns of the event loop, so that a client that requests many at once does not delay others.
 * In one turn they are computed one after another, until they have taken {@link TURN_MS} together.
 */
export class FairTurns {
  readonly #waiting: (() => void)[] = [];
  /** Time of the first response in this turn; undefined if there is none. */
  #startedAt: number | undefined;
  #isBusy = false;

  /** Computes a response when its turn has come. */
  async run<Response>(respond: () => Promise<Response>): Promise<Response> {
    if (this.#isFree() && this.#waiting.length === 0) this.#start();
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await respond();
    } finally {
      // By then the response has been encoded too.
      process.nextTick(() => this.#finished());
    }
  }

  #isFree(): boolean {
    return !this.#isBusy && (this.#startedAt === undefined || performance.now() - this.#startedAt < TURN_MS);
  }

  #start(): void {
    this.#isBusy = true;
    if (this.#startedAt !== undefined) return;
    this.#startedAt = performance.now();
    setImmediate(() => this.#nextTurn());
  }

  #finished(): void {
    this.#isBusy = false;
    if (this.#startedAt !== undefined && this.#isFree()) this.#next();
  }

  /** Starts a new turn even if a response still waits for its store, so that it delays others for at most one turn. */
  #nextTurn(): void {
    this.#startedAt = undefined;
    this.#isBusy = false;
    this.#next();
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (!next) return;
    this.#start();
    next();
  }
}
