import type { ConsumeOptions, WorkConsumer, WorkOutcome } from './operation-store.js';

/** Hands items to one consumer in order, within its `maxRunning`. The queue of stores that live in one process. */
export class WorkQueue<Item> {
  /** A Set keeps the order of arrival and removes its first item at no cost. */
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
    options: Pick<ConsumeOptions, 'maxRunning' | 'onError'>,
  ): WorkConsumer {
    this.#free = options.maxRunning;
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

  /**
   * Hands out items after the current synchronous work, so that a starting call returns the operation's name before
   * the work begins.
   */
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
