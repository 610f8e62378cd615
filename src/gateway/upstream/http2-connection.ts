import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2';
import { type Duplex, duplexPair } from 'node:stream';
import { FORWARDED_PEER_HEADER, forwardPeer } from '../../core/forwarded-peer.js';
import { onAbort } from '../../core/signals.js';
import { GrpcAnswer } from './grpc-answer.js';
import { frame, grpcTimeout } from './grpc-frame.js';
import type { UpstreamAnswer, UpstreamCall } from './upstream.js';

/**
 * Node breaks a connection off whose client resets a thousand streams (CVE-2023-44487), and all other calls with
 * it. So a connection has never more calls than it could survive the cancelling of.
 */
const MOST_RESETS = 900;
/** How much of an answer may be on its way. It is in memory either way. */
const WINDOW_BYTES = 4 * 1024 * 1024;

const GRPC = {
  ':method': 'POST',
  'content-type': 'application/grpc',
  te: 'trailers',
  'grpc-accept-encoding': 'identity',
};

/** A connection of HTTP/2 through memory, for unary calls of gRPC. */
export class Http2Connection {
  readonly #session: ClientHttp2Session;
  #open = 0;
  #resets = 0;

  /** @param accept - takes the server's end. */
  constructor(accept: (end: Duplex) => void) {
    const [ours, theirs] = duplexPair();
    accept(theirs);
    const session = connect('http://in-process', {
      createConnection: () => ours,
      maxSessionMemory: Number.MAX_SAFE_INTEGER,
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
    });
    session.once('connect', () => session.setLocalWindowSize(WINDOW_BYTES));
    // Its calls are told.
    session.on('error', () => {});
    this.#session = session;
  }

  /** Whether it can carry one call more. */
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
    // It closes with the code that is told below.
    stream.on('error', () => {});
    stream.on('close', () => {
      this.#open--;
      forwarded?.end();
      stopListening();
      resolve(answer.end(stream.rstCode));
      // Nobody else will.
      if (this.#open === 0 && !this.takesCalls) this.close();
    });
    stream.end(frame(message));
    return promise;
  }

  /** Calls that are under way go on. */
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
