import { randomBytes } from 'node:crypto';
import { Code, kitError, type StatusError } from '../../core/status.js';

/** Keys of the table `settings`. */
export const SETTING = {
  /** Secret of page tokens, in hexadecimal. */
  secret: 'secret',
  /** Oldest version of the code that may use the database, as a decimal number. */
  oldestVersion: 'oldest_version',
} as const;

const SECRET_BYTES = 32;

/** Error for a database whose secret was deleted. */
export function secretMissing(): StatusError {
  const message =
    'the secret of page tokens is missing from the table settings: stop the servers, restore the table, and start them again';
  return kitError(Code.DATA_LOSS, 'STORE_DAMAGED', message);
}

/** Creates a value for {@link SETTING.secret}. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('hex');
}

/**
 * Returns true if this code, which knows the migrations up to `known`, may use a database that newer code has
 * migrated.
 *
 * @param oldestVersion - the setting left by the newer code; undefined if there is none.
 */
export function isCompatible(known: number, oldestVersion: string | undefined): boolean {
  return oldestVersion !== undefined && Number(oldestVersion) <= known;
}
