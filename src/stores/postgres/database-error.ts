import { Code, kitError, StatusError } from '../../core/status.js';

/** SQLSTATE classes and codes of transient errors: the same statement may succeed later. */
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

/** Error codes of Node's sockets, streams and DNS lookups. */
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
  // The socket file of a stopped server.
  'ENOENT',
  // This process or machine has temporarily run out of them.
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  // A connection that has just been closed.
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/** Messages of pg errors without a code. */
const LOST =
  /^(?:Connection terminated|Client was closed and is not queryable|Client has encountered a connection error|timeout (?:expired|exceeded when trying to connect)|Query read timeout|Cannot use a pool after calling end)/;

/** Converts an error of a statement: UNAVAILABLE for transient errors, the error itself for all others. */
export function databaseError(error: unknown): unknown {
  if (error instanceof StatusError || !passes(error)) return error;
  const message = `database is not available: ${(error as Error).message || 'no connection'}; try again`;
  return kitError(Code.UNAVAILABLE, 'DATABASE_UNAVAILABLE', message, { retryAfterMs: 1000, cause: error });
}

/** Converts an error met while opening a database. The result says what to do about it, if SQLSTATE tells. */
export function refusal(error: unknown, schema: string): unknown {
  const cause = error instanceof StatusError ? error.cause : error;
  const { code, message } = (cause ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const advice = adviceFor(String(code), String(message), schema);
  if (advice === undefined) return error;
  const text = `database cannot be used: ${message}; ${advice}`;
  return kitError(Code.FAILED_PRECONDITION, 'DATABASE_REFUSED', text, {
    metadata: code === undefined ? {} : { sqlState: String(code) },
    cause,
  });
}

/** Returns true if a write failed because a resource, such as disk space, ran out (SQLSTATE class 53, or 58030). */
export function isOutOfResources(error: unknown): boolean {
  const code = sqlStateOf(error);
  return code !== undefined && (code.startsWith('53') || code === '58030');
}

/** Returns true if a statement timed out waiting for a lock (SQLSTATE 55P03). */
export function isLockTimeout(error: unknown): boolean {
  return sqlStateOf(error) === '55P03';
}

/** Reports whether PostgreSQL rolled a statement back because of a concurrent one (serialization failure, deadlock). */
export function isRolledBack(error: unknown): boolean {
  const code = sqlStateOf(error);
  return code === '40001' || code === '40P01';
}

function sqlStateOf(error: unknown): string | undefined {
  const cause = error instanceof StatusError ? error.cause : error;
  const { code } = (cause ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

const USE_TLS =
  'the server accepts only TLS connections: add `?sslmode=verify-full` to the connection string';
const NO_TLS = 'configure TLS on the server, or leave `sslmode` out of the connection string';
const TRUST = 'name the file of the certificate authority as `sslrootcert` in the connection string';
const NAME_THE_HOST = 'connect by a host name that the certificate has, or issue one for this host';

/** Advice by SQLSTATE code, or by Node's code for certificate errors. */
const ADVICE: Readonly<Record<string, string>> = {
  '28000': 'name another user, or allow this one in pg_hba.conf',
  '28P01': 'name another user or password',
  '3D000': 'create it, or name another',
  CERT_HAS_EXPIRED: 'renew the certificate of the server',
  DEPTH_ZERO_SELF_SIGNED_CERT: TRUST,
  ERR_TLS_CERT_ALTNAME_INVALID: NAME_THE_HOST,
  SELF_SIGNED_CERT_IN_CHAIN: TRUST,
  UNABLE_TO_GET_ISSUER_CERT: TRUST,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: TRUST,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: TRUST,
};

function adviceFor(code: string, message: string, schema: string): string | undefined {
  // Only the message reveals that pg_hba.conf allows nothing but `hostssl` for the client.
  if (code === '28000' && message.includes('no encryption')) return USE_TLS;
  // pg has no code for this.
  if (message === 'The server does not support SSL connections') return NO_TLS;
  if (code === '42501')
    return `grant the user CREATE on the database, or make it the owner of schemas "${schema}" and "${schema}_jobs"`;
  return ADVICE[code];
}

function passes(error: unknown): boolean {
  const { code, message, errors } = (error ?? {}) as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly errors?: unknown;
  };
  // Node tried every address of the host name.
  if (Array.isArray(errors)) return errors.every(passes);
  if (typeof code !== 'string') return LOST.test(String(message));
  return UNREACHABLE.has(code) || PASSING.some((prefix) => code.startsWith(prefix));
}
