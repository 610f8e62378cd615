import { Code, kitError, type StatusError } from '../../core/status.js';

/** Creates `INVALID_ARGUMENT` for a URL, if no single request field is at fault. */
export function malformedUrl(message: string): StatusError {
  return kitError(Code.INVALID_ARGUMENT, 'MALFORMED_URL', message);
}

export function malformedBody(message: string): StatusError {
  return kitError(Code.INVALID_ARGUMENT, 'MALFORMED_BODY', message);
}
