import { onAbort } from '../../signals.js';

interface Place<Turn> {
  readonly call: (turn: Turn) => void;
  readonly dismiss: (reason: unknown) => void;
}

/** Those who wait for their turn: first come, first served. */
export class Line<Turn> {
  readonly #places = new Set<Place<Turn>>();

  get length(): number {
    return this.#places.size;
  }

  /** Resolves when it is one's turn; rejects with `signal.reason` as soon as the signal aborts. */
  join(signal: AbortSignal): Promise<Turn> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const place: Place<Turn> = {
        call: (turn) => {
          stopListening();
          resolve(turn);
        },
        dismiss: (reason) => {
          stopListening();
          reject(reason);
        },
      };
      this.#places.add(place);
      const stopListening = onAbort(signal, (reason) => {
        this.#places.delete(place);
        reject(reason);
      });
    });
  }

  /** Calls the first in line, if there is one. */
  next(turn: Turn): void {
    const { value: first } = this.#places.values().next();
    if (!first) return;
    this.#places.delete(first);
    first.call(turn);
  }

  /** Sends everybody away, with this reason. */
  dismiss(reason: unknown): void {
    for (const place of this.#places) place.dismiss(reason);
    this.#places.clear();
  }
}
