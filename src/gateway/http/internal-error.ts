import { Code, kitError, type StatusError } from '../../core/status.js';

/** The error that clients see of a fault of the gateway. The cause is for its log alone (contract 33). */
export function internalError(cause: unknown): StatusError {
  return kitError(Code.UNKNOWN, 'INTERNAL_ERROR', 'internal error in the gateway: see its log', { cause });
}
