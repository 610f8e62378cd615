import { Metadata, type ServerErrorResponse } from '@grpc/grpc-js';
import { Status } from '../generated/google/rpc/status.js';
import { STATUS_DETAILS_KEY, type StatusError } from './status.js';

/**
 * Trailers share one header block, which peers cap (8 KiB in many proxies, 64 KiB in Node): an error that
 * overflows it arrives as a bare connection fault. So the message is clipped and, past this, details go.
 */
const MAX_MESSAGE_LENGTH = 1024;
const MAX_DETAILS_BYTES = 4096;

/** A StatusError as a grpc-js handler answers it, with its details in `grpc-status-details-bin`. */
export function toServerError(error: StatusError): ServerErrorResponse & { details: string } {
  const message = clip(error.message);
  const metadata = new Metadata();
  const encoded = encodeWithin(MAX_DETAILS_BYTES, { ...error.toStatus(), message });
  if (encoded) metadata.set(STATUS_DETAILS_KEY, encoded);
  return Object.assign(new Error(message), { code: error.code, details: message, metadata });
}

function clip(message: string): string {
  return message.length <= MAX_MESSAGE_LENGTH ? message : `${message.slice(0, MAX_MESSAGE_LENGTH - 1)}…`;
}

/** Details are ordered by weight (ErrorInfo first), so the last ones are the ones to do without. */
function encodeWithin(limit: number, status: Status): Buffer | undefined {
  for (let kept = status.details.length; kept > 0; kept--) {
    const bytes = Status.encode({ ...status, details: status.details.slice(0, kept) }).finish();
    if (bytes.length <= limit) return Buffer.from(bytes);
  }
  return undefined;
}
