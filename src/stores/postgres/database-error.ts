import { Code, kitError, StatusError } from '../../status.js';

/** Classes of SQLSTATE, and codes in full, of what passes: the same statement may succeed later. */
const PASSING = [
  '08', // connection exceptions
  '25006', // read-only: this server is a standby by now, and another one the primary
  '25P03', // idle in a transaction for too long
  '25P04', // transaction took too long
  '40001', // serialization failure
  '40P01', // deadlock
  '42501', // insufficient privilege: granted at start, revoked since
  '53', // out of connections, disk, memory
  '55P03', // lock not available
  '57014', // statement took too long, or was cancelled
  '57P', // shutting down, starting up, recovering, connection ended by an administrator
  '58030', // input or output failed
];

/** Codes of Node's sockets, streams and name service. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  // The socket file of a server that is down.
  'ENOENT',
  // This process, or machine, has no more of them for a while.
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  // A connection that was cut off the moment before.
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
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

/** What a store rejects with that a database does not let in: what to do about it, as far as SQLSTATE tells. */
export function refusal(error: unknown, schema: string): unknown {
  const cause = error instanceof StatusError ? error.cause : error;
  const { code, message } = (cause ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const advice = ADVICE[String(code)]?.(schema);
  if (advice === undefined) return error;
  const text = `database cannot be used: ${message}; ${advice}`;
  return kitError(Code.FAILED_PRECONDITION, 'DATABASE_REFUSED', text, {
    metadata: { sqlState: String(code) },
    cause,
  });
}

/** Whether a write failed because something has run out, such as the disk (SQLSTATE class 53, and 58030). */
export function isOutOfResources(error: unknown): boolean {
  const code = sqlStateOf(error);
  return code !== undefined && (code.startsWith('53') || code === '58030');
}

/** Tells whether a statement gave up waiting for a lock (SQLSTATE 55P03). */
export function isLockTimeout(error: unknown): boolean {
  return sqlStateOf(error) === '55P03';
}

function sqlStateOf(error: unknown): string | undefined {
  const cause = error instanceof StatusError ? error.cause : error;
  const { code } = (cause ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

const NAME_ANOTHER_USER = () => 'name another user or password';
const ADVICE: Readonly<Record<string, (schema: string) => string>> = {
  '28000': NAME_ANOTHER_USER,
  '28P01': NAME_ANOTHER_USER,
  '3D000': () => 'create it, or name another',
  '42501': (schema) =>
    `grant the user CREATE on the database, or make it the owner of schemas "${schema}" and "${schema}_jobs"`,
};

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
