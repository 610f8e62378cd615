import type { OperationStore } from '../../stores/contract/operation-store.js';
import { exhausted } from './caller-limits.js';

const RETRY_START_MS = 1000;

/** Limit on unfinished operations in the store. */
export class UnfinishedLimit {
  readonly #max: number;
  readonly #store: Required<Pick<OperationStore, 'countUnfinished'>>;
  /** Admitted operations that the store does not count yet. */
  #starting = 0;

  /** @throws TypeError if the store cannot count unfinished operations. */
  constructor(store: OperationStore, max: number) {
    const { countUnfinished } = store;
    if (!countUnfinished)
      throw new TypeError(
        'option maxUnfinished needs a store that counts: give it `countUnfinished`, or leave the option out',
      );
    this.#max = max;
    this.#store = { countUnfinished: (limit) => countUnfinished.call(store, limit) };
  }

  /**
   * Calls a function that adds an operation to the store, if the limit allows it.
   *
   * @throws StatusError RESOURCE_EXHAUSTED with RetryInfo if the store has too many unfinished operations.
   */
  async admit<Result>(create: () => Promise<Result>): Promise<Result> {
    const others = this.#starting++;
    try {
      const counts = await this.#store.countUnfinished(this.#max);
      const unfinished = counts.reduce((sum, { count }) => sum + count, 0);
      if (unfinished + others >= this.#max) {
        const message = `server has ${this.#max} operations queued or running, and takes no more: try again when some have ended`;
        throw exhausted('TOO_MANY_OPERATIONS', message, RETRY_START_MS);
      }
      return await create();
    } finally {
      this.#starting--;
    }
  }
}
