import type { Operation } from '../../index.js';
import { OperationsService } from '../../server/index.js';

/** Of one listing after another: what is new, and what has changed. */
export class ChangedOperations {
  #known: ReadonlyMap<string, Buffer> = new Map();

  /** Those of a listing, newest first, that the one before it had not, or had otherwise; oldest first. */
  of(listing: readonly Operation[]): Operation[] {
    const before = this.#known;
    const states = listing.map((operation) => [operation.name, bytesOf(operation)] as const);
    // What is no longer listed is forgotten.
    this.#known = new Map(states);
    return listing
      .filter((operation, index) => {
        const state = states[index]?.[1];
        return !state || !before.get(operation.name)?.equals(state);
      })
      .reverse();
  }
}

function bytesOf(operation: Operation): Buffer {
  return OperationsService.getOperation.responseSerialize(operation);
}
