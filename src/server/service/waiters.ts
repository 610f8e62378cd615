import { contain, type OnFailure } from '../../core/contain.js';
import type { OperationRecord, OperationStore } from '../../stores/contract/operation-store.js';

/** Hears that an operation may have changed, with its record if that is at hand. */
type Wake = (record: OperationRecord | undefined) => void;

/**
 * Who waits for which operation to change: one subscription to the store, however many wait. It wakes them
 * and keeps no state of operations; who was woken without the record reads the store.
 */
export class Waiters {
  readonly #byName = new Map<string, Set<Wake>>();
  readonly #unwatch: () => void;
  readonly #onFailure: OnFailure;

  /** @param onFailure - is called with what a waiter threw; the others are woken all the same. */
  constructor(store: Pick<OperationStore, 'watch'>, onFailure: OnFailure) {
    this.#onFailure = onFailure;
    this.#unwatch = store.watch((name, record) => this.#wake(name, record));
  }

  /** Calls `wake` whenever the operation may have changed, until the function returned is called. */
  subscribe(name: string, wake: Wake): () => void {
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

  #wake(name: string | undefined, record: OperationRecord | undefined): void {
    const woken = name === undefined ? [...this.#byName.keys()] : [name];
    for (const each of woken) {
      const waiting = this.#byName.get(each);
      // Copied: whoever is woken may unsubscribe, or wait again, at once.
      if (waiting) for (const wake of [...waiting]) contain(() => wake(record), this.#onFailure);
    }
  }
}
