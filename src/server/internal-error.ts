import { ignoreRejection } from '../contain.js';
import { Code, kitError, type StatusError } from '../status.js';

/**
 * What clients see of an exception that nobody meant for them: where it happened and nothing else. The cause
 * is for the log (contract 33).
 */
export function internalError(method: string, cause: unknown): StatusError {
  ignoreRejection(cause);
  const message = `internal error in ${method.replace(/^\//, '')}: see the log of the server`;
  return kitError(Code.UNKNOWN, 'INTERNAL_ERROR', message, { metadata: { method }, cause });
}
