import { constants, type IncomingHttpHeaders } from 'node:http2';
import { Metadata } from '@grpc/grpc-js';
import { Code, StatusError } from '../../core/status.js';
import { unframe } from './grpc-frame.js';
import { serverError, type UpstreamAnswer } from './upstream.js';

/** Of gRPC itself: nothing that a service says. */
const STATUS_HEADERS = ['grpc-status', 'grpc-message'];

/** What a stream that ends without a status comes to, as gRPC maps the codes of HTTP/2. */
const CODE_OF_RESET: Readonly<Record<number, Code>> = {
  [constants.NGHTTP2_REFUSED_STREAM]: Code.UNAVAILABLE,
  [constants.NGHTTP2_CANCEL]: Code.CANCELLED,
  [constants.NGHTTP2_ENHANCE_YOUR_CALM]: Code.RESOURCE_EXHAUSTED,
};

/** The answer to a unary call of gRPC, as it arrives. */
export class GrpcAnswer {
  readonly #chunks: Buffer[] = [];
  readonly #metadata = new Metadata();
  #status: string | undefined;
  #message = '';

  /** Headers and trailers; an answer that is an error and no more has its status in the headers. */
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

  /** @param resetCode - of HTTP/2: how the stream ended. */
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

/** `grpc-message` is percent-encoded; one that is not, as it is. */
function unescaped(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
