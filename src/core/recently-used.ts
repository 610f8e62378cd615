/** What was made for keys, kept for so many of them: those that were asked for last. */
export class RecentlyUsed<Key, Value> {
  /** In the order in which they were asked for last. */
  readonly #kept = new Map<Key, Value>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** What is kept for a key, or what `make` makes of it; nothing is kept of a call that throws. */
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

  /** Forgets all of it. */
  clear(): void {
    this.#kept.clear();
  }
}
