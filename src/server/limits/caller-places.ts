import { exhausted } from './exhausted.js';

/** When to come back for a place: nobody knows when one is free. */
const RETRY_MS = 1000;

/** What callers do at once: each has so many places. */
export class CallerPlaces {
  readonly #max: number;
  readonly #reason: string;
  readonly #message: (taken: number) => string;
  readonly #taken = new Map<string, number>();

  constructor(max: number, reason: string, message: (taken: number) => string) {
    this.#max = max;
    this.#reason = reason;
    this.#message = message;
  }

  /**
   * Takes a place of a caller, until the function returned is called; more often does nothing.
   *
   * @throws StatusError RESOURCE_EXHAUSTED, with RetryInfo, when it has no more.
   */
  take(caller: string): () => void {
    const taken = this.#taken.get(caller) ?? 0;
    if (taken >= this.#max) throw exhausted(this.#reason, this.#message(taken), RETRY_MS);
    this.#taken.set(caller, taken + 1);
    let isLeft = false;
    return () => {
      if (isLeft) return;
      isLeft = true;
      const left = (this.#taken.get(caller) ?? 1) - 1;
      if (left > 0) this.#taken.set(caller, left);
      else this.#taken.delete(caller);
    };
  }
}
