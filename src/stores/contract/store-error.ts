import { Code, kitError, quoted, type StatusError } from '../../core/status.js';

/** Error for a new operation whose name another one has. */
export function nameTaken(name: string): StatusError {
  const message = `operation ${quoted(name)} exists: choose another id`;
  return kitError(Code.ALREADY_EXISTS, 'NAME_TAKEN', message, { metadata: { name } });
}

/** Error for calls of a store that is closed. */
export function storeClosed(): StatusError {
  return kitError(Code.UNAVAILABLE, 'STORE_CLOSED', 'the store is closed: open another');
}
