import type { ConsumeOptions, WorkConsumer, WorkOutcome } from './operation-store.js';

/**
 * Hands items to one consumer in order, so many at a time: the queue of a store that lives in one process.
 */
export class WorkQueue<Item> {
  /** A Set keeps the order of arrival and gives up its first item at no cost. */
  readonly #waiting = new Set<Item>();
  #free = 0;
  #handle: (item: Item) => void = () => {};

  push(item: Item): void {
    this.#waiting.add(item);
    this.#handOut();
  }

  consume(
    handler: (item: Item) => WorkOutcome | Promise<WorkOutcome>,
    options: Pick<ConsumeOptions, 'concurrency' | 'onError'>,
  ): WorkConsumer {
    this.#free = options.concurrency;
    this.#handle = async (item) => {
      try {
        if ((await handler(item)) === 'released') this.#waiting.add(item);
      } catch (error) {
        options.onError(error);
      } finally {
        this.#free++;
        this.#handOut();
      }
    };
    this.#handOut();
    return {
      stop: () => {
        this.#free = Number.NEGATIVE_INFINITY;
      },
    };
  }

  clear(): void {
    this.#waiting.clear();
  }

  #handOut(): void {
    for (const item of this.#waiting) {
      if (this.#free <= 0) return;
      this.#free--;
      this.#waiting.delete(item);
      this.#handle(item);
    }
  }
}
