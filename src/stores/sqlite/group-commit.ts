import type { DatabaseSync } from 'node:sqlite';
import { contain, type OnFailure } from '../../core/contain.js';
import { endsTransaction } from './sqlite-error.js';

interface Write {
  /** Changes the database; what it throws is what its caller is told. */
  readonly change: () => unknown;
  /** Called once the change is durable, before anybody else can act on it. */
  readonly committed: (result: unknown) => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Puts the changes that are asked for in one turn of the event loop into one transaction: one fsync makes them
 * all durable. Nobody is told of success before that.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #onFailure: OnFailure;
  readonly #check: () => void;
  #writes: Write[] = [];
  #scheduled: NodeJS.Immediate | undefined;

  /**
   * @param onFailure - called with what `committed` of a write threw; the other writes are settled all the same.
   * @param check - called before each transaction; if it throws, the changes are rejected with that error.
   */
  constructor(database: DatabaseSync, onFailure: OnFailure, check: () => void = () => {}) {
    this.#onFailure = onFailure;
    this.#database = database;
    this.#check = check;
  }

  /**
   * Resolves with the result of the change when that is durable.
   *
   * @param change - is at most one statement that writes, so that one which fails leaves nothing behind.
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

  /** Does now what is waiting to be done. */
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
      // SQLite has done so by itself, or there was no transaction yet.
    }
  }
}

/** @returns what tells of the result, for when it is durable. */
function perform({ change, committed, resolve, reject }: Write): () => void {
  try {
    const result = change();
    return () => {
      // Its caller goes on later in any case, also when `committed` fails.
      resolve(result);
      committed(result);
    };
  } catch (error) {
    if (endsTransaction(error)) throw error;
    return () => reject(error);
  }
}
