import { Code, kitError, type StatusError } from '../../core/status.js';

/** `INVALID_ARGUMENT` for a URL that no request field can be blamed for. */
export function malformedUrl(message: string): StatusError {
  return kitError(Code.INVALID_ARGUMENT, 'MALFORMED_URL', message);
}

export function malformedBody(message: string): StatusError {
  return kitError(Code.INVALID_ARGUMENT, 'MALFORMED_BODY', message);
}
