/** Cache of bounded size that evicts the least recently used entry. */
export class RecentlyUsed<Key, Value> {
  /** Ordered from least to most recently used. */
  readonly #kept = new Map<Key, Value>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Returns the cached value of a key, or caches the result of `make`. Caches nothing if `make` throws. */
  get(key: Key, make: (key: Key) => Value): Value {
    const kept = this.#kept.get(key);
    const value = kept === undefined ? make(key) : kept;
    this.#kept.delete(key);
    this.#kept.set(key, value);
    if (this.#kept.size > this.#capacity) {
      for (const oldest of this.#kept.keys()) {
        this.#kept.delete(oldest);
        break;
      }
    }
    return value;
  }

  /** Removes all entries. */
  clear(): void {
    this.#kept.clear();
  }
}
