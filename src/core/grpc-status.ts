import { Metadata, type ServerErrorResponse, type StatusObject } from '@grpc/grpc-js';
import type { Any } from '../../generated/google/protobuf/any.js';
import { Status } from '../../generated/google/rpc/status.js';
import { STATUS_DETAILS_KEY } from './foreign-error.js';
import { Code, readStatus, type StatusError } from './status.js';
import { clipText, percentEncodedBytes, readProperty, toText, utf8Bytes } from './text.js';

/**
 * Limits on the trailers of an error, in bytes as sent: `grpc-message` is percent-encoded, and Base64 turns
 * 4,096 bytes into 5,464.
 *
 * Peers limit the size of a header block (8 KiB in many proxies, 64 KiB in Node). A larger error arrives as a
 * connection failure. The message is therefore truncated, and details over the limit are omitted.
 */
const MAX_MESSAGE_BYTES = 2048;
const MAX_DETAILS_BYTES = 4096;

/**
 * Converts a StatusError to an error that a grpc-js handler can return, with its details in
 * `grpc-status-details-bin`. Never throws; grpc-js can always send the result.
 */
export function toServerError(error: StatusError): ServerErrorResponse & { details: string } {
  const status = toSendableStatus(error);
  return Object.assign(new Error(status.details), status);
}

/** Converts a StatusError as {@link toServerError} does, to a plain object: without the cost of a stack trace. */
export function toSendableStatus(error: StatusError): StatusObject {
  const status = readStatus(error);
  const message = clipText(status.message, MAX_MESSAGE_BYTES, percentEncodedBytes);
  const metadata = new Metadata();
  const encoded = encodeWithin(MAX_DETAILS_BYTES, { ...status, message });
  if (encoded) metadata.set(STATUS_DETAILS_KEY, encoded);
  return { code: status.code, details: message, metadata };
}

/** Converts an error of a user's handler to one that grpc-js can send. Never throws. */
export function sendableError(error: unknown): Partial<StatusObject> {
  const code = readProperty(error, 'code');
  const details = readProperty(error, 'details');
  const metadata = readProperty(error, 'metadata');
  // Same rule as in grpc-js: `details` count only if there is a code.
  const [sentCode, text] =
    Number.isInteger(code) && typeof details === 'string'
      ? [code as Code, details]
      : [
          Number.isInteger(code) ? (code as Code) : Code.UNKNOWN,
          readProperty(error, 'message') ?? 'Unknown Error',
        ];
  return {
    code: sentCode,
    details: clipText(toText(text), MAX_MESSAGE_BYTES, percentEncodedBytes),
    ...(isMetadata(metadata) && { metadata }),
  };
}

/** Recognizes Metadata by a method, because applications may have several copies of grpc-js. */
function isMetadata(value: unknown): value is Metadata {
  return typeof readProperty(value, 'toHttp2Headers') === 'function';
}

/** Upper bound on the encoded size of a message, not counting its strings and bytes. */
const OVERHEAD_BYTES = 16;

/**
 * Encodes as many details as fit. They are ordered by importance (ErrorInfo first), so the last ones are
 * omitted first.
 */
function encodeWithin(limit: number, status: Status): Buffer | undefined {
  let size = OVERHEAD_BYTES + utf8Bytes(status.message);
  const isOver = ({ typeUrl, value }: Any) => {
    size += OVERHEAD_BYTES + utf8Bytes(typeUrl) + value.length;
    return size > limit;
  };
  const over = status.details.findIndex(isOver);
  const details = over < 0 ? status.details : status.details.slice(0, over);
  return details.length > 0 ? Buffer.from(Status.encode({ ...status, details }).finish()) : undefined;
}
