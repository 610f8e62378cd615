import { DatabaseSync } from 'node:sqlite';
import { ResultCode, resultCode } from './sqlite-error.js';

/**
 * Keeps every other process, and every other store of this one, from using a file, as long as this process
 * lives: the lock is the kernel's, so it goes with the process however that dies.
 *
 * What is locked is an empty database beside the file, `FILE.lock`, which stays: removing it would let two
 * processes lock two files of that name. The file itself may be read by others, for backups and for a look.
 *
 * @returns what gives the lock back; undefined when another has it.
 */
export function lockFile(file: string): (() => void) | undefined {
  const database = new DatabaseSync(`${file}.lock`);
  try {
    // Nothing is written, so a journal would only take room, which a full disk does not have.
    database.exec('PRAGMA journal_mode = MEMORY');
    // Of two that try at once one gets this lock; with EXCLUSIVE each could keep the other from it.
    database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    database.close();
    if (resultCode(error) === ResultCode.BUSY) return undefined;
    throw error;
  }
  return () => database.close();
}
