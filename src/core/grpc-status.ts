import { Metadata, type ServerErrorResponse, type StatusObject } from '@grpc/grpc-js';
import type { Any } from '../../generated/google/protobuf/any.js';
import { Status } from '../../generated/google/rpc/status.js';
import { STATUS_DETAILS_KEY } from './foreign-error.js';
import { Code, readStatus, type StatusError } from './status.js';
import { clipText, percentEncodedBytes, readProperty, toText, utf8Bytes } from './text.js';

/**
 * Limits on the trailers of an error, in bytes as they are sent: `grpc-message` is percent-encoded, and base64 makes 5,464 bytes
 * of 4,096. Peers cap a header block (8 KiB in many proxies, 64 KiB in Node), and an error over the cap arrives as a bare
 * connection fault. So the message is clipped, and details over the limit are left out.
 */
const MAX_MESSAGE_BYTES = 2048;
const MAX_DETAILS_BYTES = 4096;

/**
 * Converts a StatusError to the error that a grpc-js handler answers, with its details in `grpc-status-details-bin`. Never
 * throws, and grpc-js can send the result.
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

/** Converts the error that somebody else's handler answers to one that grpc-js can send. Never throws. */
export function sendableError(error: unknown): Partial<StatusObject> {
  const code = readProperty(error, 'code');
  const details = readProperty(error, 'details');
  const metadata = readProperty(error, 'metadata');
  // As grpc-js reads errors: `details` count if there is a code.
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

/** By its method: applications may have several copies of grpc-js. */
function isMetadata(value: unknown): value is Metadata {
  return typeof readProperty(value, 'toHttp2Headers') === 'function';
}

/** Upper bound on the bytes of an encoded message besides its strings and bytes. */
const OVERHEAD_BYTES = 16;

/** Encodes as many details as fit. They are ordered by weight (ErrorInfo first), so the last ones are left out first. */
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
