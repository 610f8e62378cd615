import { randomBytes, randomUUID } from 'node:crypto';
import { isOutOfResources } from './database-error.js';
import { LOCK_TIMEOUT_MS } from './locked-rows.js';
import type { Session } from './session.js';

/** Size of the row that a trial writes: larger than what is left on pages that have room. */
const TRIAL_BYTES = 64 * 1024;

const ROLL_BACK = new Error('the trial is over');

/** Tells whether operations can be written. */
export class Writability {
  /** Something had run out in a write, and no trial has succeeded since. */
  #isOutOfResources = false;

  /** Makes a write, and remembers if something had run out. */
  async observe<Result>(write: () => Promise<Result>): Promise<Result> {
    try {
      return await write();
    } catch (error) {
      if (isOutOfResources(error)) this.#isOutOfResources = true;
      throw error;
    }
  }

  /**
   * Rejects if operations cannot be written: the database is away or read-only, or the user may not write. A full disk shows
   * only when a table has to grow, so after a write that failed for it, each check writes a row and rolls it back.
   */
  async check({ database, sql }: Session): Promise<void> {
    await database.query(sql.checkPrivileges);
    if (!this.#isOutOfResources) return;
    await database
      .transaction({ lock_timeout: LOCK_TIMEOUT_MS }, async (queries) => {
        await queries.query(sql.tryWrite, [randomUUID(), randomBytes(TRIAL_BYTES)]);
        throw ROLL_BACK;
      })
      .catch((error: unknown) => {
        if (error !== ROLL_BACK) throw error;
      });
    this.#isOutOfResources = false;
  }
}
