import type { OperationRecord } from '../contract/operation-store.js';

/** Record with its place in the order of listing. */
export interface Entry {
  /** Incremented with every record created. */
  readonly sequence: number;
  record: OperationRecord;
  deleted?: true;
}

/**
 * Operations of one parent in the order of creation. Deleted ones stay as holes until half of the log is holes. So
 * the cost of appending, deleting and finding a page does not depend on the number of operations.
 */
export class ParentLog {
  #entries: Entry[] = [];
  #holes = 0;

  append(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Removes an entry. Returns the number of entries left. */
  remove(entry: Entry): number {
    entry.deleted = true;
    this.#holes++;
    if (this.#holes * 2 > this.#entries.length) {
      this.#entries = this.#entries.filter(({ deleted }) => !deleted);
      this.#holes = 0;
    }
    return this.#entries.length - this.#holes;
  }

  /** Entries created before `sequence`, newest first. Iteration may continue after the log changed. */
  *newest(sequence: number): Generator<Entry, void> {
    // The array is appended to or replaced as a whole, so entries below the index do not move.
    const entries = this.#entries;
    for (let index = indexOf(entries, sequence) - 1; index >= 0; index--) {
      const entry = entries[index];
      if (entry && !entry.deleted) yield entry;
    }
  }
}

/** Entries of many logs created before `sequence`, newest first. */
export function* newestFirst(logs: readonly ParentLog[], sequence: number): Generator<Entry, void> {
  const heads = logs.flatMap((log) => advance(log.newest(sequence)) ?? []);
  heads.sort((a, b) => a.sequence - b.sequence);
  for (let head = heads.pop(); head; head = heads.pop()) {
    yield head.entry;
    const next = advance(head.others);
    if (next) heads.splice(indexOf(heads, next.sequence), 0, next);
  }
}

interface Head {
  readonly sequence: number;
  readonly entry: Entry;
  readonly others: Generator<Entry, void>;
}

function advance(others: Generator<Entry, void>): Head | undefined {
  const next = others.next();
  return next.done ? undefined : { sequence: next.value.sequence, entry: next.value, others };
}

/** Index of the first entry whose sequence is at least `sequence`. */
function indexOf(entries: readonly Pick<Entry, 'sequence'>[], sequence: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.sequence ?? sequence) < sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}
