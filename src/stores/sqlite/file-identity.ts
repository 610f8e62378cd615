import { statSync } from 'node:fs';
import { Code, kitError, quoted } from '../../core/status.js';

/** Shortest time between two looks at the files for the sake of reads. */
const READ_CHECK_MS = 250;
const RETRY_AFTER_MS = 1000;

/**
 * Notices that the files of an open database were deleted or replaced. SQLite keeps using the files it has open: what
 * is written to them then is gone when the process ends, and what is read may be out of date.
 */
export class FileIdentity {
  readonly #path: string;
  /** Device and inode of each file. */
  readonly #files: ReadonlyMap<string, string>;
  #checkedAt = Number.NEGATIVE_INFINITY;

  /** @param path - of the database, with symbolic links resolved; its write-ahead log is beside it. */
  constructor(path: string) {
    this.#path = path;
    this.#files = new Map(
      [path, `${path}-wal`].flatMap((file) => {
        const identity = identityOf(file);
        return identity === undefined ? [] : [[file, identity] as const];
      }),
    );
  }

  /** @throws StatusError UNAVAILABLE if a file is no longer the one that was opened. */
  check(): void {
    for (const [file, identity] of this.#files) {
      if (identityOf(file) !== identity) throw replaced(this.#path, file);
    }
    this.#checkedAt = performance.now();
  }

  /** Like {@link check}, but looks at most every 250 ms. */
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
