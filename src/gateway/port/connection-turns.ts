/** Time that new connections may take in one turn of the event loop, before those that are open are served. */
const TURN_MS = 5;

/**
 * Spreads new connections over turns of the event loop. What has arrived on a connection is handled as it is handed over:
 * hundreds of calls each, if clients wish, so a flood of connections would hold up everyone else.
 */
export class ConnectionTurns {
  readonly #waiting: (() => void)[] = [];
  /** Undefined in a turn in which no connection was handed over. */
  #beganAt: number | undefined;

  /** Hands over a connection when its turn has come: at once, unless there are many. */
  take(hand: () => void): void {
    if (this.#waiting.length === 0 && this.#hasTime()) this.#hand(hand);
    else this.#waiting.push(hand);
  }

  #hasTime(): boolean {
    return this.#beganAt === undefined || performance.now() - this.#beganAt < TURN_MS;
  }

  #hand(hand: () => void): void {
    if (this.#beganAt === undefined) {
      this.#beganAt = performance.now();
      setImmediate(() => {
        this.#beganAt = undefined;
        this.#handNext();
      });
    }
    hand();
  }

  #handNext(): void {
    const hand = this.#hasTime() ? this.#waiting.shift() : undefined;
    if (!hand) return;
    this.#hand(hand);
    // The calls that arrived with it have been emitted by then.
    process.nextTick(() => this.#handNext());
  }
}
