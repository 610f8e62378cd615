import { onAbort } from '../../signals.js';

/** Whether somebody has had a turn before. */
export type Standing = 'newcomer' | 'regular';

interface Place<Turn> {
  readonly call: (turn: Turn) => void;
  readonly dismiss: (reason: unknown) => void;
}

/** So many newcomers are called for each regular, where there are both. */
const NEWCOMERS_PER_REGULAR = 3;

/**
 * Those who wait for their turn. Newcomers go before regulars, since the first question is often all that they
 * have; one turn in four is kept for regulars, however many come. Otherwise first come, first served.
 */
export class Line<Turn> {
  readonly #newcomers = new Set<Place<Turn>>();
  readonly #regulars = new Set<Place<Turn>>();
  #newcomersInARow = 0;

  get length(): number {
    return this.#newcomers.size + this.#regulars.size;
  }

  /** How many of them have not had a turn yet. */
  get newcomers(): number {
    return this.#newcomers.size;
  }

  /** Resolves when it is one's turn; rejects with `signal.reason` as soon as the signal aborts. */
  join(standing: Standing, signal: AbortSignal): Promise<Turn> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const places = standing === 'newcomer' ? this.#newcomers : this.#regulars;
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
      places.add(place);
      const stopListening = onAbort(signal, (reason) => {
        places.delete(place);
        reject(reason);
      });
    });
  }

  /** Calls whoever is next, if there is anybody. */
  next(turn: Turn): void {
    const places = this.#nextPlaces();
    const { value: first } = places.values().next();
    if (!first) return;
    places.delete(first);
    first.call(turn);
  }

  /** Sends everybody away, with this reason. */
  dismiss(reason: unknown): void {
    for (const places of [this.#newcomers, this.#regulars]) {
      for (const place of places) place.dismiss(reason);
      places.clear();
    }
  }

  #nextPlaces(): Set<Place<Turn>> {
    if (this.#newcomers.size === 0) return this.#regulars;
    if (this.#regulars.size === 0) return this.#newcomers;
    this.#newcomersInARow = (this.#newcomersInARow + 1) % (NEWCOMERS_PER_REGULAR + 1);
    return this.#newcomersInARow === 0 ? this.#regulars : this.#newcomers;
  }
}
