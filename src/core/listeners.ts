import { contain, type OnFailure } from './contain.js';

/** Listeners of one kind of event. One that throws or rejects disturbs neither the others nor whoever notifies them. */
export class Listeners<Args extends readonly unknown[]> {
  readonly #listeners = new Set<(...args: Args) => unknown>();
  readonly #onFailure: OnFailure;

  /** @param onFailure - is called with what a listener threw, or what its promise rejected with. */
  constructor(onFailure: OnFailure) {
    this.#onFailure = onFailure;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Adds a listener; the function returned removes it. */
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
