import type { Any } from '../../../generated/google/protobuf/any.js';
import { Code, kitError, quoted, readStatus, type StatusError } from '../../core/status.js';
import { utf8Bytes } from '../../core/text.js';

/** Space for metadata beside a result of maximum size. By default both stay below the 4 MiB that gRPC clients accept. */
const METADATA_ROOM_BYTES = 512 * 1024;

/** Bounds the stored size of an operation, so that every client can read it and the pages that contain it. */
export class SizeLimits {
  readonly #maxResultBytes: number;

  /** @param maxResultBytes - upper bound on the response, the error and the metadata, each by itself. */
  constructor(maxResultBytes: number) {
    this.#maxResultBytes = maxResultBytes;
  }

  /**
   * Returns the metadata if it is small enough to be stored.
   *
   * @throws StatusError RESOURCE_EXHAUSTED if it is too large.
   */
  metadata(metadata: Any): Any {
    const bytes = anyBytes(metadata);
    if (bytes <= this.#maxResultBytes) return metadata;
    const advice = 'store large values elsewhere and refer to them in the metadata, or raise the limit';
    throw this.#exceeded('METADATA_TOO_LARGE', `metadata of ${bytes} bytes`, bytes, advice);
  }

  /**
   * Returns the response if it is small enough to be stored together with the metadata.
   *
   * @throws StatusError RESOURCE_EXHAUSTED if it is too large.
   */
  response(response: Any, metadata: Any | undefined): Any {
    const bytes = anyBytes(response);
    const beside = metadata ? anyBytes(metadata) : 0;
    if (!this.#isExceeded(bytes, beside)) return response;
    const advice = 'store large results elsewhere and return a reference to them, or raise the limit';
    throw this.#exceeded(
      'RESULT_TOO_LARGE',
      `response of ${bytes} bytes${withMetadata(beside)}`,
      bytes,
      advice,
    );
  }

  /** Returns the error if it is small enough to be stored together with the metadata, or else a shorter one of the same code. */
  error(error: StatusError, metadata: Any | undefined): StatusError {
    const { code, message, details } = readStatus(error);
    const bytes = details.reduce((sum, detail) => sum + anyBytes(detail), utf8Bytes(message));
    const beside = metadata ? anyBytes(metadata) : 0;
    if (!this.#isExceeded(bytes, beside)) return error;
    const subject = `error of ${bytes} bytes${withMetadata(beside)}`;
    const advice = `shorten its message or details, or raise the limit; its message is ${quoted(message)}`;
    return this.#exceeded('RESULT_TOO_LARGE', subject, bytes, advice, code);
  }

  #isExceeded(bytes: number, metadataBytes: number): boolean {
    return bytes > this.#maxResultBytes || bytes + metadataBytes > this.#maxResultBytes + METADATA_ROOM_BYTES;
  }

  #exceeded(
    reason: string,
    subject: string,
    bytes: number,
    advice: string,
    code: Code = Code.RESOURCE_EXHAUSTED,
  ): StatusError {
    const max = this.#maxResultBytes;
    const message = `${subject} is larger than maxResultBytes (${max}): ${advice}`;
    const metadata = { bytes: String(bytes), maxResultBytes: String(max) };
    return kitError(code, reason, message, { metadata });
  }
}

function withMetadata(bytes: number): string {
  return bytes > METADATA_ROOM_BYTES ? ` with metadata of ${bytes} bytes` : '';
}

function anyBytes({ typeUrl, value }: Any): number {
  return utf8Bytes(typeUrl) + value.length;
}
