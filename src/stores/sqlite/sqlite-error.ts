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

/** These may pass: another process lets go, somebody makes room. */
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

/** These tell that the one statement is wrong; SQLite undoes it and the transaction goes on. */
const OF_ONE_STATEMENT = new Set<number>([ResultCode.TOOBIG, ResultCode.CONSTRAINT, ResultCode.MISMATCH]);

const RETRY_AFTER_MS = 1000;

/** The primary result code of what SQLite threw; undefined for what somebody else threw. */
export function resultCode(thrown: unknown): number | undefined {
  const { errcode } = (thrown ?? {}) as { readonly errcode?: unknown };
  // The upper bits say more, such as which constraint or which system call.
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

/** Whether an error may have undone the whole transaction that it came in. */
export function endsTransaction(thrown: unknown): boolean {
  const code = resultCode(thrown);
  return code !== undefined && !OF_ONE_STATEMENT.has(code);
}

/**
 * What callers of the store are told: UNAVAILABLE for what may pass, DATA_LOSS for a damaged file. What nobody
 * foresaw stays as it is, for the server to log and to hide.
 */
export function storeError(thrown: unknown): unknown {
  const code = resultCode(thrown);
  if (thrown instanceof StatusError || code === undefined) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const facts = { metadata: { sqliteCode: String(code) }, cause: thrown };
  if (PASSING.has(code)) {
    const message = `the store of operations cannot do this now (${reason}): try again later`;
    return kitError(Code.UNAVAILABLE, 'STORE_UNAVAILABLE', message, {
      ...facts,
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
  if (code === ResultCode.CORRUPT || code === ResultCode.NOTADB) {
    const message = `the store of operations is damaged (${reason}): restore it from a backup`;
    return kitError(Code.DATA_LOSS, 'STORE_DAMAGED', message, facts);
  }
  return thrown;
}
