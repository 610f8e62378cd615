import { randomBytes } from 'node:crypto';
import { Code, kitError, type StatusError } from '../../core/status.js';

/** Keys of the table `settings`. */
export const SETTING = {
  /** Secret of page tokens, in hexadecimal digits. */
  secret: 'secret',
  /** Oldest version of the code that may use a database as it is, a decimal number. */
  oldestVersion: 'oldest_version',
} as const;

const SECRET_BYTES = 32;

/** Error for a database that somebody has deleted the secret from. */
export function secretMissing(): StatusError {
  const message =
    'the secret of page tokens is missing from the table settings: stop the servers, restore the table, and start them again';
  return kitError(Code.DATA_LOSS, 'STORE_DAMAGED', message);
}

/** A value for {@link SETTING.secret}. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('hex');
}

/**
 * Whether this code, which knows the migrations up to `known`, may use a database that newer code has migrated.
 *
 * @param oldestVersion - the setting that the newer code left; undefined if there is none.
 */
export function isCompatible(known: number, oldestVersion: string | undefined): boolean {
  return oldestVersion !== undefined && Number(oldestVersion) <= known;
}
