import { Code, StatusError } from '../../status.js';
import type { OperationRow } from '../operation-row.js';

/** How many batches of one kind are on their way at once. */
const AT_ONCE = 2;
const MAX_WRITES = 100;
/** A statement is one string in the end: not of many large messages. */
const MAX_BYTES = 1024 * 1024;

/** A row to be written. */
export interface RowWrite {
  readonly row: OperationRow;
}

/** Writes rows, all or none; tells of each whether it was written. */
type WriteAll<Write extends RowWrite> = (writes: readonly Write[]) => Promise<readonly boolean[]>;

interface Waiting<Write extends RowWrite> {
  readonly write: Write;
  readonly resolve: (written: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes together what is asked for while earlier writes are on their way: then many share a statement and a commit,
 * and one that comes alone waits for nobody.
 */
export class Batches<Write extends RowWrite> {
  readonly #writeAll: WriteAll<Write>;
  #waiting: Waiting<Write>[] = [];
  #onTheirWay = 0;

  constructor(writeAll: WriteAll<Write>) {
    this.#writeAll = writeAll;
  }

  /** Resolves when the row was written, or was found to be one that is not to be written. */
  add(write: Write): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#send();
    });
  }

  #send(): void {
    if (this.#onTheirWay === AT_ONCE || this.#waiting.length === 0) return;
    this.#onTheirWay++;
    this.#settle(this.#take()).finally(() => {
      this.#onTheirWay--;
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

  async #settle(batch: readonly Waiting<Write>[]): Promise<void> {
    try {
      const written = await this.#writeAll(batch.map(({ write }) => write));
      for (const [index, { resolve }] of batch.entries()) resolve(written[index] ?? false);
    } catch (error) {
      const isPassing = StatusError.from(error).code === Code.UNAVAILABLE;
      if (isPassing || batch.length === 1) for (const { reject } of batch) reject(error);
      // One of them is at fault, and the others are not to suffer from it.
      else for (const each of batch) await this.#settle([each]);
    }
  }
}

function sizeOf({ request, metadata_value, response_value, error }: OperationRow): number {
  const messages = [request, metadata_value, response_value, error];
  return messages.reduce((sum, message) => sum + (message?.byteLength ?? 0), 0);
}
