import type { DatabaseSync } from 'node:sqlite';
import { contain, type OnFailure } from '../../core/contain.js';
import { endsTransaction } from './sqlite-error.js';

interface Write {
  /** Changes the database. An error it throws is passed to the caller. */
  readonly change: () => unknown;
  /** Called once the change is durable, before any other code can act on it. */
  readonly committed: (result: unknown) => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Commits all changes requested in one turn of the event loop in one transaction, with one fsync. No caller learns of
 * success before that.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #onFailure: OnFailure;
  readonly #check: () => void;
  #writes: Write[] = [];
  #scheduled: NodeJS.Immediate | undefined;

  /**
   * @param onFailure - called with an error thrown by the `committed` callback of a write; the other writes still
   * settle.
   * @param check - called before each transaction; if it throws, the changes are rejected with that error.
   */
  constructor(database: DatabaseSync, onFailure: OnFailure, check: () => void = () => {}) {
    this.#onFailure = onFailure;
    this.#database = database;
    this.#check = check;
  }

  /**
   * Resolves to the result of the change once it is durable.
   *
   * @param change - executes at most one writing statement, so that a failed one leaves no partial change.
   */
  write<Result>(
    change: () => Result,
    committed: (result: Result) => void = () => {},
  ): Promise<Awaited<Result>> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#writes.push({ change, committed: committed as Write['committed'], resolve, reject });
    this.#scheduled ??= setImmediate(() => this.flush());
    return promise as Promise<Awaited<Result>>;
  }

  /** Commits the pending changes now. */
  flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const writes = this.#writes;
    this.#writes = [];
    if (writes.length === 0) return;
    let settlements: (() => void)[];
    try {
      this.#check();
      this.#database.exec('BEGIN IMMEDIATE');
      settlements = writes.map((write) => perform(write));
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#rollBack();
      settlements = writes.map(
        ({ reject }) =>
          () =>
            reject(error),
      );
    }
    for (const settle of settlements) contain(settle, this.#onFailure);
  }

  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // SQLite has already rolled back, or no transaction was open.
    }
  }
}

/**
 * Performs a change.
 *
 * @returns a function that settles the write, to be called once the change is durable.
 */
function perform({ change, committed, resolve, reject }: Write): () => void {
  try {
    const result = change();
    return () => {
      // The caller continues in a later microtask, even if `committed` fails.
      resolve(result);
      committed(result);
    };
  } catch (error) {
    if (endsTransaction(error)) throw error;
    return () => reject(error);
  }
}
