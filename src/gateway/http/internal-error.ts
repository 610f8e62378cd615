import { Code, kitError, type StatusError } from '../../core/status.js';

/** Error that clients see if the gateway fails. Its cause is only logged (contract 33). */
export function internalError(cause: unknown): StatusError {
  return kitError(Code.UNKNOWN, 'INTERNAL_ERROR', 'internal error in the gateway: see its log', { cause });
}
