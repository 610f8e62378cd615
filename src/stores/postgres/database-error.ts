import { Code, kitError, StatusError } from '../../status.js';

/** Classes of SQLSTATE, and codes in full, of what passes: the same statement may succeed later. */
const PASSING = [
  '08', // connection exceptions
  '40001', // serialization failure
  '40P01', // deadlock
  '53300', // too many connections
  '55P03', // lock not available
  '57P', // shutting down, starting up, recovering, connection ended by an administrator
];

/** Codes of Node's sockets and name service. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  // The socket file of a server that is down.
  'ENOENT',
]);

/** pg says these by message alone. */
const LOST =
  /^(?:Connection terminated|Client was closed and is not queryable|Client has encountered a connection error|timeout (?:expired|exceeded when trying to connect)|Query read timeout|Cannot use a pool after calling end)/;

/** What statements reject with: UNAVAILABLE for what passes, the error itself for anything else. */
export function databaseError(error: unknown): unknown {
  if (error instanceof StatusError || !passes(error)) return error;
  const message = `database is not available: ${(error as Error).message || 'no connection'}; try again`;
  return kitError(Code.UNAVAILABLE, 'DATABASE_UNAVAILABLE', message, { retryAfterMs: 1000, cause: error });
}

function passes(error: unknown): boolean {
  const { code, message, errors } = (error ?? {}) as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly errors?: unknown;
  };
  // Node tried every address of the name.
  if (Array.isArray(errors)) return errors.every(passes);
  if (typeof code !== 'string') return LOST.test(String(message));
  return UNREACHABLE.has(code) || PASSING.some((prefix) => code.startsWith(prefix));
}
