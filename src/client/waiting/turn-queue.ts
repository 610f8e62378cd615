import { onAbort } from '../../signals.js';

/** Which turn of a caller it is: who has had one before lets others go first. */
export type TurnPriority = 'first' | 'repeated';

interface Entry<Turn> {
  readonly resolve: (turn: Turn) => void;
  readonly reject: (reason: unknown) => void;
}

/** So many first turns are granted for each repeated one, where both are waited for. */
const FIRST_PER_REPEATED = 3;

/**
 * The queue of those who wait for their turn. First turns go before repeated ones, since the first question is often
 * all that a caller has; one turn in four is kept for repeated ones, however many come. Otherwise first come, first
 * served.
 */
export class TurnQueue<Turn> {
  readonly #first = new Set<Entry<Turn>>();
  readonly #repeated = new Set<Entry<Turn>>();
  #firstInARow = 0;

  get length(): number {
    return this.#first.size + this.#repeated.size;
  }

  /** How many of them have not had a turn yet. */
  get firstTurns(): number {
    return this.#first.size;
  }

  /** Resolves when it is one's turn; rejects with `signal.reason` as soon as the signal aborts. */
  enqueue(priority: TurnPriority, signal: AbortSignal): Promise<Turn> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const entries = priority === 'first' ? this.#first : this.#repeated;
      const entry: Entry<Turn> = {
        resolve: (turn) => {
          stopListening();
          resolve(turn);
        },
        reject: (reason) => {
          stopListening();
          reject(reason);
        },
      };
      entries.add(entry);
      const stopListening = onAbort(signal, (reason) => {
        entries.delete(entry);
        reject(reason);
      });
    });
  }

  /** Gives the turn to whoever is next, if there is anybody. */
  grant(turn: Turn): void {
    const entries = this.#nextEntries();
    const { value: next } = entries.values().next();
    if (!next) return;
    entries.delete(next);
    next.resolve(turn);
  }

  /** Empties the queue: everybody in it rejects with this reason. */
  rejectAll(reason: unknown): void {
    for (const entries of [this.#first, this.#repeated]) {
      for (const entry of entries) entry.reject(reason);
      entries.clear();
    }
  }

  #nextEntries(): Set<Entry<Turn>> {
    if (this.#first.size === 0) return this.#repeated;
    if (this.#repeated.size === 0) return this.#first;
    this.#firstInARow = (this.#firstInARow + 1) % (FIRST_PER_REPEATED + 1);
    return this.#firstInARow === 0 ? this.#repeated : this.#first;
  }
}
