import { abortable } from '../../core/signals.js';

/** Semaphore with a FIFO queue and a capacity that may change. */
export class Semaphore {
  readonly #capacity: () => number;
  readonly #closed: AbortSignal;
  readonly #queue = new Set<() => void>();
  #inUse = 0;

  /**
   * @param capacity - returns the current upper bound on holders.
   * @param closed - rejects all callers, with its reason, when it aborts.
   */
  constructor(capacity: () => number, closed: AbortSignal) {
    this.#capacity = capacity;
    this.#closed = closed;
  }

  /** Admits the caller if it need not wait; returns true if admitted. @throws the reason of `closed`. */
  tryAcquire(): boolean {
    this.#closed.throwIfAborted();
    if (this.#queue.size > 0 || this.#inUse >= this.#capacity()) return false;
    this.#inUse++;
    return true;
  }

  /** Resolves when the caller is admitted. @throws `signal.reason` on abort; the reason of `closed`. */
  async acquire(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.tryAcquire()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queue.add(resolve);
    try {
      await abortable(abortable(promise, signal), this.#closed);
    } catch (reason) {
      // The caller may have been admitted just before the abort.
      if (!this.#queue.delete(resolve)) this.release();
      throw reason;
    }
  }

  release(): void {
    this.#inUse--;
    for (const admit of this.#queue) {
      if (this.#inUse >= this.#capacity()) return;
      this.#inUse++;
      this.#queue.delete(admit);
      admit();
    }
  }
}
