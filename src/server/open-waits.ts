import type { Clock } from '../clock.js';

/** What is ended when its time is up. */
export interface Endable {
  end(): void;
}

interface Deadline {
  readonly waits: Set<Endable>;
  readonly stopTimer: () => void;
}

/** The waits that are open. Those whose time is up in the same millisecond share one timer. */
export class OpenWaits {
  readonly #clock: Clock;
  readonly #deadlines = new Map<number, Deadline>();
  readonly #endTimes = new Map<Endable, number>();
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has a wait end in so many milliseconds, or when all do. */
  add(wait: Endable, limitMs: number): void {
    if (this.#isClosed) {
      wait.end();
      return;
    }
    const at = Math.ceil(this.#clock.now() + limitMs);
    const deadline = this.#deadlines.get(at) ?? this.#newDeadline(at);
    deadline.waits.add(wait);
    this.#endTimes.set(wait, at);
  }

  delete(wait: Endable): void {
    const at = this.#endTimes.get(wait);
    if (at === undefined) return;
    this.#endTimes.delete(wait);
    const deadline = this.#deadlines.get(at);
    if (!deadline?.waits.delete(wait) || deadline.waits.size > 0) return;
    deadline.stopTimer();
    this.#deadlines.delete(at);
  }

  /** Ends all, and from now on each at once. */
  close(): void {
    this.#isClosed = true;
    for (const wait of [...this.#endTimes.keys()]) wait.end();
  }

  #newDeadline(at: number): Deadline {
    const waits = new Set<Endable>();
    const end = () => {
      // A timer may go early by a fraction: who comes now for the same millisecond needs another.
      this.#deadlines.delete(at);
      for (const wait of [...waits]) wait.end();
    };
    const made = { waits, stopTimer: this.#clock.setTimer(end, at - this.#clock.now()) };
    this.#deadlines.set(at, made);
    return made;
  }
}
