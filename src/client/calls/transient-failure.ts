import { Code, StatusError } from '../../core/status.js';

/** System errors that mean that a peer cannot be reached now. */
const NETWORK_ERRORS = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ESERVFAIL',
  'ETIMEDOUT',
  'ETIMEOUT',
  // Codes of node-fetch and other HTTP clients.
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_HTTP2_STREAM_CANCEL',
  'ERR_SOCKET_CONNECTION_TIMEOUT',
]);

/** Error codes of undici, the `fetch` of Node, for connections, timeouts and closed sockets. */
const UNDICI_ERROR =
  /^UND_ERR_(?:CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|SOCKET|CLOSED|DESTROYED|ABORTED)$/;

/** Messages of HTTP clients without a code. */
const NETWORK_MESSAGE =
  /\bfetch failed\b|premature close|socket hang up|network socket disconnected|terminated|network timeout|other side closed/i;

/** HTTP statuses in the messages of token functions: "HTTP 503", "status code 429", "status: 500". */
const HTTP_STATUS_MESSAGE =
  /\b(?:https?(?:\/\d(?:\.\d)?)?(?: error)?|status(?: ?code)?)(?: is| was| of)?[\s:=(]{1,3}(\d{3})\b/gi;

/** Names of timeout errors. */
const TIMEOUT_NAMES = new Set<unknown>(['TimeoutError', 'AbortError']);

const MAX_CAUSES = 8;

/**
 * Returns true if a failed HTTP request is likely to succeed later: the network or the peer was unavailable (contract
 * 48). Inspects the error, its causes and the errors that it aggregates, in the forms of Node, fetch, node-fetch, gaxios
 * and axios.
 */
export function isTransientFailure(thrown: unknown): boolean {
  if (StatusError.from(thrown).code === Code.UNAVAILABLE) return true;
  const pending: unknown[] = [thrown];
  for (let looked = 0; looked < MAX_CAUSES && pending.length > 0; looked++) {
    const next = pending.shift();
    const failure = (typeof next === 'string' ? { message: next } : Object(next)) as Failure;
    if (isTransient(failure)) return true;
    if (failure.cause !== undefined) pending.push(failure.cause);
    if (Array.isArray(failure.errors)) pending.push(...failure.errors);
  }
  return false;
}

interface Failure {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly response?: { readonly status?: unknown; readonly statusCode?: unknown } | null;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

function isTransient({ name, message, code, errno, status, statusCode, response }: Failure): boolean {
  for (const each of [code, errno]) {
    if (typeof each === 'string' && (NETWORK_ERRORS.has(each) || UNDICI_ERROR.test(each))) return true;
  }
  // gaxios reports the HTTP status as code, perhaps as a string.
  const statuses = [status, statusCode, code, response?.status, response?.statusCode];
  if (statuses.some(isTransientStatus)) return true;
  if (TIMEOUT_NAMES.has(name)) return true;
  if (typeof message !== 'string') return false;
  for (const [, number] of message.matchAll(HTTP_STATUS_MESSAGE)) if (isTransientStatus(number)) return true;
  // Wrappers often keep only the message: "getaddrinfo ENOTFOUND oauth2.googleapis.com".
  return NETWORK_MESSAGE.test(message) || message.split(/[^A-Z_]/).some((word) => NETWORK_ERRORS.has(word));
}

function isTransientStatus(status: unknown): boolean {
  const number = typeof status === 'string' && /^\d{3}$/.test(status) ? Number(status) : status;
  return typeof number === 'number' && (number === 408 || number === 429 || (number >= 500 && number < 600));
}
