import type { ConsumeOptions, WorkConsumer, WorkOutcome } from './operation-store.js';

/**
 * Hands items to one consumer in order, so many at a time: the queue of a store that lives in one process.
 */
export class WorkQueue<Item> {
  /** A Set keeps the order of arrival and gives up its first item at no cost. */
  readonly #waiting = new Set<Item>();
  #free = 0;
  #isDue = false;
  #handle: (item: Item) => void = () => {};

  push(item: Item): void {
    this.#waiting.add(item);
    this.#handOutSoon();
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
        this.#handOutSoon();
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

  /** After all that goes on at once, so that whoever starts an operation has its name before the work on it begins. */
  #handOutSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    process.nextTick(() => {
      this.#isDue = false;
      this.#handOut();
    });
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
