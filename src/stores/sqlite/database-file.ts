import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Code, kitError, quoted } from '../../core/status.js';
import { ResultCode, resultCode } from './sqlite-error.js';

/** Minimum time between two checks of the files by reads. */
const READ_CHECK_MS = 250;
const RETRY_AFTER_MS = 1000;

/**
 * Detects that the files of an open database were deleted or replaced. SQLite keeps using the open files: later
 * writes to them are lost when the process ends, and reads may be out of date.
 */
export class FileIdentity {
  readonly #path: string;
  /** Device and inode of each file. */
  readonly #files: ReadonlyMap<string, string>;
  #checkedAt = Number.NEGATIVE_INFINITY;

  /** @param path - path of the database, with symbolic links resolved. Its write-ahead log is in the same directory. */
  constructor(path: string) {
    this.#path = path;
    this.#files = new Map(
      [path, `${path}-wal`].flatMap((file) => {
        const identity = identityOf(file);
        return identity === undefined ? [] : [[file, identity] as const];
      }),
    );
  }

  /**
   * Checks the files.
   *
   * @throws StatusError UNAVAILABLE if a file is no longer the one that was opened.
   */
  check(): void {
    for (const [file, identity] of this.#files) {
      if (identityOf(file) !== identity) throw replaced(this.#path, file);
    }
    this.#checkedAt = performance.now();
  }

  /** Checks the files as {@link check} does, at most every 250 ms. */
  checkForRead(): void {
    if (performance.now() - this.#checkedAt >= READ_CHECK_MS) this.check();
  }
}

function identityOf(file: string): string | undefined {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}

function replaced(path: string, file: string) {
  const advice = 'put the original file back, or restart the server to use the file that is there now';
  const message = `file ${quoted(file)} of the open database was deleted or replaced: ${advice}`;
  return kitError(Code.UNAVAILABLE, 'STORE_FILE_REPLACED', message, {
    metadata: { path, file },
    retryAfterMs: RETRY_AFTER_MS,
  });
}

/**
 * Locks a file against all other processes, and all other stores of this process. The kernel releases the lock when
 * the process ends, even if it is killed.
 *
 * The lock is on an empty database beside the file, `FILE.lock`, which is never removed: otherwise two processes
 * could lock two files of that name. Others may still read the file itself, for example for backups.
 *
 * @returns a function that releases the lock; undefined if another process or store holds it.
 */
export function lockFile(file: string): (() => void) | undefined {
  const database = new DatabaseSync(`${file}.lock`);
  try {
    // Nothing is written, and a full disk has no space for a journal.
    database.exec('PRAGMA journal_mode = MEMORY');
    // If two processes try at once, one gets this lock. With EXCLUSIVE, each could block the other.
    database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    database.close();
    if (resultCode(error) === ResultCode.BUSY) return undefined;
    throw error;
  }
  return () => database.close();
}
