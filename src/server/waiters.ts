import type { OperationStore } from '../stores/operation-store.js';

/**
 * Who waits for which operation to change: one subscription to the store, however many wait. It wakes them
 * and keeps no state of operations; who was woken reads the store.
 */
export class Waiters {
  readonly #byName = new Map<string, Set<() => void>>();
  readonly #unwatch: () => void;

  constructor(store: OperationStore) {
    this.#unwatch = store.watch((name) => this.#wake(name));
  }

  /** Calls `wake` whenever the operation may have changed, until the function returned is called. */
  subscribe(name: string, wake: () => void): () => void {
    const waiting = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, waiting.add(wake));
    return () => {
      waiting.delete(wake);
      if (waiting.size === 0 && this.#byName.get(name) === waiting) this.#byName.delete(name);
    };
  }

  /** How many operations somebody waits for. */
  get size(): number {
    return this.#byName.size;
  }

  close(): void {
    this.#unwatch();
  }

  #wake(name: string | undefined): void {
    const woken = name === undefined ? [...this.#byName.keys()] : [name];
    for (const each of woken) {
      const waiting = this.#byName.get(each);
      // Copied: whoever is woken may unsubscribe, or wait again, at once.
      if (waiting) for (const wake of [...waiting]) wake();
    }
  }
}
