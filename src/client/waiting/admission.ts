import { onAbort } from '../../core/signals.js';

interface Waiter {
  readonly admit: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Semaphore with a FIFO queue and a capacity that may change. */
export class Semaphore {
  readonly #capacity: () => number;
  readonly #queue = new Set<Waiter>();
  #inUse = 0;

  /** @param capacity - returns the current upper bound on holders. */
  constructor(capacity: () => number) {
    this.#capacity = capacity;
  }

  /** Admits the caller if it need not wait; returns true if admitted. */
  tryAcquire(): boolean {
    if (this.#queue.size > 0 || this.#inUse >= this.#capacity()) return false;
    this.#inUse++;
    return true;
  }

  /** Resolves when the caller is admitted. @throws `signal.reason` on abort. */
  acquire(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      if (this.tryAcquire()) return resolve();
      const leave = () => {
        stopListening();
        this.#queue.delete(waiter);
      };
      const waiter: Waiter = {
        admit: () => {
          leave();
          resolve();
        },
        reject: (reason) => {
          leave();
          reject(reason);
        },
      };
      this.#queue.add(waiter);
      const stopListening = onAbort(signal, waiter.reject);
    });
  }

  release(): void {
    this.#inUse--;
    for (const waiter of this.#queue) {
      if (this.#inUse >= this.#capacity()) return;
      this.#inUse++;
      waiter.admit();
    }
  }

  /** Rejects all callers in the queue. */
  rejectAll(reason: unknown): void {
    for (const waiter of this.#queue) waiter.reject(reason);
  }
}

const STARTS_PER_TURN = 16;

/** Spreads the start of thousands of calls over turns of the event loop, so that they do not delay other work. */
export class Pacer {
  readonly #queue: (() => void)[] = [];
  #left = STARTS_PER_TURN;
  #armed = false;

  /** Resolves when the caller may start. */
  pass(): Promise<void> {
    this.#arm();
    if (this.#left > 0) {
      this.#left--;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#queue.push(resolve));
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    setImmediate(() => {
      this.#armed = false;
      const admitted = this.#queue.splice(0, STARTS_PER_TURN);
      this.#left = STARTS_PER_TURN - admitted.length;
      for (const admit of admitted) admit();
      if (this.#queue.length > 0) this.#arm();
    });
  }
}
