import { Code, kitError, type StatusError } from '../../status.js';

/** A refusal that says when to try again. */
export function exhausted(reason: string, message: string, retryAfterMs: number): StatusError {
  return kitError(Code.RESOURCE_EXHAUSTED, reason, message, { retryAfterMs });
}
