import { constants, type IncomingHttpHeaders } from 'node:http2';
import { Metadata } from '@grpc/grpc-js';
import { Code, StatusError } from '../../core/status.js';
import { serverError, type UpstreamAnswer } from './upstream.js';

/** Trailers of gRPC itself, which are not metadata of a service. */
const STATUS_HEADERS = ['grpc-status', 'grpc-message'];

/** Status codes of streams that end without a status, according to gRPC's mapping of HTTP/2 codes. */
const CODE_OF_RESET: Readonly<Record<number, Code>> = {
  [constants.NGHTTP2_REFUSED_STREAM]: Code.UNAVAILABLE,
  [constants.NGHTTP2_CANCEL]: Code.CANCELLED,
  [constants.NGHTTP2_ENHANCE_YOUR_CALM]: Code.RESOURCE_EXHAUSTED,
};

/** Response to a unary gRPC call while it arrives. */
export class GrpcAnswer {
  readonly #chunks: Buffer[] = [];
  readonly #metadata = new Metadata();
  #status: string | undefined;
  #message = '';

  /** Handles headers and trailers. A response that consists of an error has its status in the headers. */
  addHeaders(headers: IncomingHttpHeaders): void {
    const { 'grpc-status': status, 'grpc-message': message } = headers;
    if (status !== undefined) {
      this.#status = String(status);
      this.#message = message === undefined ? '' : unescaped(String(message));
    }
    this.#metadata.merge(Metadata.fromHttp2Headers(headers));
    for (const name of STATUS_HEADERS) this.#metadata.remove(name);
  }

  addChunk(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  /** @param resetCode - HTTP/2 code with which the stream ended. */
  end(resetCode: number | undefined): UpstreamAnswer {
    const metadata = this.#metadata;
    const bytes = this.#status === '0' ? unframe(Buffer.concat(this.#chunks)) : undefined;
    return bytes
      ? { kind: 'response', bytes, metadata }
      : { kind: 'error', error: this.#error(resetCode), metadata };
  }

  #error(resetCode: number | undefined): StatusError {
    if (this.#status === undefined) {
      const code = CODE_OF_RESET[resetCode ?? constants.NGHTTP2_NO_ERROR] ?? Code.UNAVAILABLE;
      return new StatusError(code, `the server broke the call off (HTTP/2 code ${resetCode}): try again`);
    }
    return serverError(Number(this.#status), this.#message, this.#metadata);
  }
}

/** Decodes the percent-encoding of `grpc-message`. Returns malformed text unchanged. */
function unescaped(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

/** Length of a gRPC message prefix: one byte for the compression flag, four for the length. */
const PREFIX_BYTES = 5;

/** Encodes an uncompressed gRPC message with its prefix. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed.writeUInt8(0);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/**
 * Decodes bytes that contain exactly one message. Returns undefined for anything else and for compressed
 * messages.
 */
function unframe(bytes: Buffer): Buffer | undefined {
  const isFrame =
    bytes.length >= PREFIX_BYTES &&
    bytes.readUInt8() === 0 &&
    bytes.readUInt32BE(1) === bytes.length - PREFIX_BYTES;
  return isFrame ? bytes.subarray(PREFIX_BYTES) : undefined;
}

const MOST_DIGITS = 8;

/** Formats a deadline for `grpc-timeout`: at most eight digits and a unit. */
export function grpcTimeout(deadline: number, now: number): string {
  const leftMs = Math.max(0, Math.ceil(deadline - now));
  return String(leftMs).length <= MOST_DIGITS ? `${leftMs}m` : `${Math.ceil(leftMs / 1000)}S`;
}
