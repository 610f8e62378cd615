import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2';
import { type Duplex, duplexPair } from 'node:stream';
import { FORWARDED_PEER_HEADER, forwardPeer } from '../../core/forwarded-peer.js';
import { onAbort } from '../../core/signals.js';
import { frame, GrpcAnswer, grpcTimeout } from './grpc-answer.js';
import type { UpstreamAnswer, UpstreamCall } from './upstream.js';

/**
 * Upper bound on concurrent calls of a connection. Node closes a connection whose client resets a thousand
 * streams (CVE-2023-44487), which would end all its other calls. The bound lets a connection survive the
 * cancellation of all its calls.
 */
const MOST_RESETS = 900;
/** Flow-control window of responses. It does not affect memory, because both ends are in this process. */
const WINDOW_BYTES = 4 * 1024 * 1024;

const GRPC = {
  ':method': 'POST',
  'content-type': 'application/grpc',
  te: 'trailers',
  'grpc-accept-encoding': 'identity',
};

/** HTTP/2 connection in memory, for unary gRPC calls. */
export class Http2Connection {
  readonly #session: ClientHttp2Session;
  #open = 0;
  #resets = 0;

  /** @param accept - receives the server's end of the connection. */
  constructor(accept: (end: Duplex) => void) {
    const [ours, theirs] = duplexPair();
    accept(theirs);
    const session = connect('http://in-process', {
      createConnection: () => ours,
      maxSessionMemory: Number.MAX_SAFE_INTEGER,
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
    });
    session.once('connect', () => session.setLocalWindowSize(WINDOW_BYTES));
    // Calls on the connection report the error.
    session.on('error', () => {});
    this.#session = session;
  }

  /** True if the connection can carry another call. */
  get takesCalls(): boolean {
    return !this.#session.closed && this.#open + this.#resets < MOST_RESETS;
  }

  get ended(): boolean {
    return this.#session.destroyed;
  }

  /** Makes a unary call. Never rejects. */
  call(path: string, message: Uint8Array, options: UpstreamCall): Promise<UpstreamAnswer> {
    const { promise, resolve } = Promise.withResolvers<UpstreamAnswer>();
    const forwarded = options.peer === undefined ? undefined : forwardPeer(options.peer);
    const stream = this.#session.request({
      ...headersOf(path, options),
      [FORWARDED_PEER_HEADER]: forwarded?.token,
    });
    const answer = new GrpcAnswer();
    this.#open++;
    const stopListening = onAbort(options.signal, () => {
      this.#resets++;
      stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on('response', (headers) => answer.addHeaders(headers));
    stream.on('data', (chunk: Buffer) => answer.addChunk(chunk));
    stream.on('trailers', (trailers) => answer.addHeaders(trailers));
    // The stream closes with the code that is handled below.
    stream.on('error', () => {});
    stream.on('close', () => {
      this.#open--;
      forwarded?.end();
      stopListening();
      resolve(answer.end(stream.rstCode));
      // No later call will close it.
      if (this.#open === 0 && !this.takesCalls) this.close();
    });
    stream.end(frame(message));
    return promise;
  }

  /** Closes the connection after the current calls. */
  close(): void {
    this.#session.close();
  }
}

function headersOf(path: string, { metadata, deadline }: UpstreamCall): OutgoingHttpHeaders {
  return {
    ...metadata.toHttp2Headers(),
    ...GRPC,
    ':path': path,
    ...(deadline !== Number.POSITIVE_INFINITY && { 'grpc-timeout': grpcTimeout(deadline, Date.now()) }),
  };
}
