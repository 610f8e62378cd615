import { Code, kitError, StatusError } from '../../core/status.js';

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
export const ResultCode = {
  BUSY: 5,
  LOCKED: 6,
  NOMEM: 7,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  PROTOCOL: 15,
  TOOBIG: 18,
  CONSTRAINT: 19,
  MISMATCH: 20,
  NOTADB: 26,
} as const;

/** Codes of transient errors, such as a lock of another process or a full disk. */
const PASSING = new Set<number>([
  ResultCode.BUSY,
  ResultCode.LOCKED,
  ResultCode.NOMEM,
  ResultCode.READONLY,
  ResultCode.IOERR,
  ResultCode.FULL,
  ResultCode.CANTOPEN,
  ResultCode.PROTOCOL,
]);

/** Codes of errors of one statement. SQLite undoes the statement, and the transaction continues. */
const OF_ONE_STATEMENT = new Set<number>([ResultCode.TOOBIG, ResultCode.CONSTRAINT, ResultCode.MISMATCH]);

const RETRY_AFTER_MS = 1000;

/** Primary result code of an error of SQLite; undefined for any other error. */
export function resultCode(thrown: unknown): number | undefined {
  const { errcode } = (thrown ?? {}) as { readonly errcode?: unknown };
  // The upper bits add details, such as which constraint or system call.
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

/** Returns true if an error may have rolled back its whole transaction. */
export function endsTransaction(thrown: unknown): boolean {
  const code = resultCode(thrown);
  return code !== undefined && !OF_ONE_STATEMENT.has(code);
}

/**
 * Converts an error of SQLite for callers of the store: UNAVAILABLE for transient errors, DATA_LOSS for a damaged
 * file. Unexpected errors are unchanged; the server logs and hides them.
 */
export function storeError(thrown: unknown): unknown {
  const code = resultCode(thrown);
  if (thrown instanceof StatusError || code === undefined) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const facts = { metadata: { sqliteCode: String(code) }, cause: thrown };
  if (PASSING.has(code)) {
    const message = `the store is temporarily unavailable (${reason}): try again later`;
    return kitError(Code.UNAVAILABLE, 'STORE_UNAVAILABLE', message, {
      ...facts,
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
  if (code === ResultCode.CORRUPT || code === ResultCode.NOTADB) {
    const message = `the store is damaged (${reason}): restore it from a backup`;
    return kitError(Code.DATA_LOSS, 'STORE_DAMAGED', message, facts);
  }
  return thrown;
}
