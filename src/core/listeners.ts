import { contain, type OnFailure } from './contain.js';

/** Set of event listeners. A listener that throws or rejects affects neither the others nor the notifier. */
export class Listeners<Args extends readonly unknown[]> {
  readonly #listeners = new Set<(...args: Args) => unknown>();
  readonly #onFailure: OnFailure;

  /** @param onFailure - receives the error that a listener threw or rejected with. */
  constructor(onFailure: OnFailure) {
    this.#onFailure = onFailure;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Adds a listener. Returns a function that removes it. */
  add(listener: (...args: Args) => unknown): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  notify(...args: Args): void {
    for (const listener of this.#listeners) contain(() => listener(...args), this.#onFailure);
  }

  clear(): void {
    this.#listeners.clear();
  }
}
