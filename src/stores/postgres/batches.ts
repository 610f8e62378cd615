import { Code, StatusError } from '../../core/status.js';
import type { OperationRow } from '../sql/operation-row.js';
import { isLockTimeout } from './database-error.js';
import { LOCKED, type LockRetry, untilUnlocked } from './locked-rows.js';

/** Maximum number of batches of one kind in flight. */
const AT_ONCE = 2;
const MAX_WRITES = 100;
/** Upper bound on the size of a batch, because a statement is sent as one string. */
const MAX_BYTES = 1024 * 1024;

/** Row to write. */
export interface RowWrite {
  readonly row: OperationRow;
}

/**
 * Result of a write: true if the row was written, false if it must not be, or `LOCKED` if another transaction has
 * locked it.
 */
export type WriteResult = boolean | typeof LOCKED;

/** Dependencies and limits of batches. */
export interface BatchesOptions<Write extends RowWrite> extends LockRetry {
  /** Writes all rows or none, except for those that are locked or must not be written. */
  readonly writeAll: (writes: readonly Write[]) => Promise<readonly WriteResult[]>;
}

interface Waiting<Write extends RowWrite> {
  readonly write: Write;
  readonly resolve: (written: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Groups writes requested while earlier writes are in flight, so that many share one statement and one commit. A
 * single write is not delayed. A row locked by another transaction is written later, alone.
 */
export class Batches<Write extends RowWrite> {
  readonly #options: BatchesOptions<Write>;
  #waiting: Waiting<Write>[] = [];
  #inFlight = 0;

  constructor(options: BatchesOptions<Write>) {
    this.#options = options;
  }

  /** Resolves to true once the row is written, or to false if it must not be written. */
  add(write: Write): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#send();
    });
  }

  #send(): void {
    if (this.#inFlight === AT_ONCE || this.#waiting.length === 0) return;
    this.#inFlight++;
    this.#settle(this.#take()).finally(() => {
      this.#inFlight--;
      this.#send();
    });
  }

  /**
   * Removes the next batch from the queue. Of two writes to one row the later waits, because a statement changes a
   * row only once.
   */
  #take(): Waiting<Write>[] {
    const batch = new Map<string, Waiting<Write>>();
    const left: Waiting<Write>[] = [];
    let bytes = 0;
    for (const each of this.#waiting) {
      const { row } = each.write;
      const isFull = batch.size === MAX_WRITES || (batch.size > 0 && bytes + sizeOf(row) > MAX_BYTES);
      if (isFull || batch.has(row.name)) left.push(each);
      else {
        batch.set(row.name, each);
        bytes += sizeOf(row);
      }
    }
    this.#waiting = left;
    return [...batch.values()];
  }

  /** Settles a batch. Locked rows are retried separately. */
  async #settle(batch: readonly Waiting<Write>[]): Promise<void> {
    try {
      const results = await this.#options.writeAll(batch.map(({ write }) => write));
      for (const [index, each] of batch.entries()) this.#apply(each, results[index] ?? false);
    } catch (error) {
      if (isLockTimeout(error)) {
        // A new row conflicts with one that another transaction is adding or deleting. Which row it is, is unknown.
        if (batch.length > 1) await Promise.all(batch.map((each) => this.#settle([each])));
        else for (const each of batch) this.#apply(each, LOCKED);
        return;
      }
      const isPassing = StatusError.from(error).code === Code.UNAVAILABLE;
      if (isPassing || batch.length === 1) for (const { reject } of batch) reject(error);
      // One write is invalid; the others must not fail with it.
      else for (const each of batch) await this.#settle([each]);
    }
  }

  #apply({ write, resolve, reject }: Waiting<Write>, result: WriteResult): void {
    if (result !== LOCKED) resolve(result);
    else {
      const { name } = write.row;
      untilUnlocked(() => this.#writeAlone(write), { ...this.#options, name }).then(resolve, reject);
    }
  }

  async #writeAlone(write: Write): Promise<WriteResult> {
    try {
      const [result = false] = await this.#options.writeAll([write]);
      return result;
    } catch (error) {
      if (isLockTimeout(error)) return LOCKED;
      throw error;
    }
  }
}

function sizeOf({ request, metadata_value, response_value, error }: OperationRow): number {
  const messages = [request, metadata_value, response_value, error];
  return messages.reduce((sum, message) => sum + (message?.byteLength ?? 0), 0);
}
