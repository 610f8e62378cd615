import { contain, type OnFailure } from '../../core/contain.js';
import type { OperationRecord, OperationStore } from '../../stores/contract/operation-store.js';

/** Notified when an operation may have changed, with its record if the store reported it. */
type Wake = (record: OperationRecord | undefined) => void;

/**
 * Waiters by operation, with one subscription to the store for all of them. It keeps no state of operations: a waiter that
 * is woken without the record reads the store.
 */
export class Waiters {
  readonly #byName = new Map<string, Set<Wake>>();
  readonly #unwatch: () => void;
  readonly #onFailure: OnFailure;

  /** @param onFailure - receives the errors that waiters throw; the other waiters are still woken. */
  constructor(store: Pick<OperationStore, 'watch'>, onFailure: OnFailure) {
    this.#onFailure = onFailure;
    this.#unwatch = store.watch((name, record) => this.#wake(name, record));
  }

  /** Calls `wake` whenever the operation may have changed, until the returned function is called. */
  subscribe(name: string, wake: Wake): () => void {
    const waiting = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, waiting.add(wake));
    return () => {
      waiting.delete(wake);
      if (waiting.size === 0 && this.#byName.get(name) === waiting) this.#byName.delete(name);
    };
  }

  /** Number of operations with at least one waiter. */
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
      // Copied because a waiter may unsubscribe or subscribe again while it is being woken.
      if (waiting) for (const wake of [...waiting]) contain(() => wake(record), this.#onFailure);
    }
  }
}
