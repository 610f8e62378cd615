import { Code, StatusError } from '../../core/status.js';
import type { OperationRow } from '../sql/operation-row.js';
import { isLockTimeout } from './database-error.js';
import { LOCKED, type LockPatience, untilUnlocked } from './locked-rows.js';

/** Number of batches of one kind in flight at once. */
const AT_ONCE = 2;
const MAX_WRITES = 100;
/** Upper bound on the size of a batch: a statement is one string in the end. */
const MAX_BYTES = 1024 * 1024;

/** A row to be written. */
export interface RowWrite {
  readonly row: OperationRow;
}

/** The result of a write: true if the row was written, false if it must not be, or that another transaction has locked it. */
export type WriteResult = boolean | typeof LOCKED;

/** Dependencies and limits of batches. */
export interface BatchesOptions<Write extends RowWrite> extends LockPatience {
  /** Writes rows, all or none, except for those that are locked or must not be written. */
  readonly writeAll: (writes: readonly Write[]) => Promise<readonly WriteResult[]>;
}

interface Waiting<Write extends RowWrite> {
  readonly write: Write;
  readonly resolve: (written: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes together what is asked for while earlier writes are in flight: then many share a statement and a commit, and one
 * that comes alone waits for nothing. A row that another transaction has locked is written later and alone.
 */
export class Batches<Write extends RowWrite> {
  readonly #options: BatchesOptions<Write>;
  #waiting: Waiting<Write>[] = [];
  #inFlight = 0;

  constructor(options: BatchesOptions<Write>) {
    this.#options = options;
  }

  /** Resolves when the row was written, or was found to be one that must not be written. */
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

  /** The next batch. Of two writes to one row the later waits: one statement changes a row once. */
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

  /** Settles all of a batch but what is locked, which is left to attempts of its own. */
  async #settle(batch: readonly Waiting<Write>[]): Promise<void> {
    try {
      const results = await this.#options.writeAll(batch.map(({ write }) => write));
      for (const [index, each] of batch.entries()) this.#apply(each, results[index] ?? false);
    } catch (error) {
      if (isLockTimeout(error)) {
        // A new row met one that another transaction is adding or deleting, and which of them is not known.
        if (batch.length > 1) await Promise.all(batch.map((each) => this.#settle([each])));
        else for (const each of batch) this.#apply(each, LOCKED);
        return;
      }
      const isPassing = StatusError.from(error).code === Code.UNAVAILABLE;
      if (isPassing || batch.length === 1) for (const { reject } of batch) reject(error);
      // One of them is at fault, and the others must not suffer from it.
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
