import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Clock } from '../../core/clock.js';
import { toServerError } from '../../core/grpc-status.js';
import { type ConnectionMemory, MemoryHolder } from '../../core/held-memory.js';
import { Code, kitError, type StatusError } from '../../core/status.js';
import { MessageBoundaries } from './message-boundaries.js';

/**
 * Memory counted for a call besides its headers and messages, until its request has arrived. It takes 13 to 19 KB, and much
 * more until the garbage of a flood of calls is collected. 1,000 calls of a connection stay within its default limit.
 */
const CALL_BYTES = 64 * 1024;
/** Memory counted for a call that may take any time, once its request has arrived (measured: 19 KB for a health watch). */
const LASTING_CALL_BYTES = 24 * 1024;
/** Memory that a chunk of a message takes besides its bytes. */
const CHUNK_BYTES = 256;

/** Memory that a request may keep from being freed, to its own bytes, before all of that counts at once. */
const MOST_SHARED = 8;

/** Which side of a call sends any number of messages, and so may take any time. */
export interface CallShape {
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/**
 * A call of HTTP/2 from its headers to its end. It counts the memory of its request until that has arrived, and of its
 * answer until that has been taken.
 */
export class GuardedCall extends MemoryHolder {
  readonly #stream: ServerHttp2Stream;
  readonly #arrivalMs: number;
  readonly #clock: Clock;
  /** True for a stream of requests, each message of which must arrive in time. */
  readonly #messages: MessageBoundaries | undefined;
  readonly #isLasting: boolean;
  /** When the request, or the message that is arriving, began; undefined: none is awaited. */
  #awaitedSince: number | undefined;
  #lastBuffer: ArrayBufferLike | undefined;
  #receivedBytes = 0;
  /** Memory that chunks keep from being freed: each is a part of what Node read at once, perhaps with chunks of other calls. */
  #sharedBytes = 0;
  #isAnswered = false;
  #isTimed = false;

  constructor(
    memory: ConnectionMemory,
    stream: ServerHttp2Stream,
    { requestStream, responseStream }: CallShape,
    arrivalMs: number,
    clock: Clock,
  ) {
    super(memory);
    this.#stream = stream;
    this.#arrivalMs = arrivalMs;
    this.#clock = clock;
    this.#messages = requestStream ? new MessageBoundaries() : undefined;
    this.#isLasting = requestStream || responseStream;
  }

  /** Counts the request until it has arrived. */
  awaitRequest(headers: IncomingHttpHeaders): void {
    this.#awaitedSince = this.#clock.now();
    this.#stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#stream.on('end', () => this.#arrived());
    this.memory.hold(this, CALL_BYTES + lengthOf(headers));
  }

  /** Looks whether the request is late, and how much of the answer is left to be taken. */
  check(now: number): void {
    const since = this.#awaitedSince;
    if (since !== undefined && now - since >= this.#arrivalMs) {
      this.#end(requestTooSlow(this.#arrivalMs));
      return;
    }
    if (since !== undefined) this.#holdAtLeast(CALL_BYTES + this.#sharedBytes);
    if (this.#isAnswered) this.#checkAnswer(LASTING_CALL_BYTES);
  }

  /** The answer has begun; called once its first message has been written. */
  answered(): void {
    const { writableEnded, closed } = this.#stream;
    if (closed) return;
    this.#isAnswered = true;
    // What is left of a request that has been answered is not read, and grpc-js would keep what has arrived.
    if (this.#awaitedSince !== undefined && writableEnded) this.#stream.close(constants.NGHTTP2_NO_ERROR);
    else this.#checkAnswer(0);
  }

  override shed(): void {
    const what = this.#isAnswered ? 'answers that were not taken' : 'requests that have not arrived';
    this.#end(
      kitError(
        Code.RESOURCE_EXHAUSTED,
        'TOO_MUCH_UNDER_WAY',
        `server holds too much memory for ${what}: have fewer calls under way at once, and read their answers`,
        { retryAfterMs: 1000 },
      ),
    );
  }

  closed(): void {
    this.#awaitedSince = undefined;
    this.memory.release(this);
  }

  #receive(chunk: Buffer): void {
    if (this.#awaitedSince === undefined && !this.#messages) return;
    if (this.#messages && !this.#continues(chunk)) return;
    this.memory.hold(this, chunk.length + CHUNK_BYTES);
    this.#receivedBytes += chunk.length;
    const { buffer } = chunk;
    if (buffer === this.#lastBuffer) return;
    this.#sharedBytes += buffer.byteLength;
    // A call that has a small part of many reads is meant to keep the rest. Calls that take turns have larger parts.
    if (this.#lastBuffer && this.#sharedBytes > MOST_SHARED * this.#receivedBytes) {
      this.#holdAtLeast(this.#sharedBytes);
    }
    this.#lastBuffer = buffer;
  }

  /** Reports whether a message of a stream continues after a chunk. */
  #continues(chunk: Buffer): boolean {
    this.#messages?.advance(chunk);
    if (this.#messages?.isInside) {
      this.#awaitedSince ??= this.#clock.now();
      return true;
    }
    this.#arrived();
    return false;
  }

  #arrived(): void {
    this.#awaitedSince = undefined;
    this.#sharedBytes = 0;
    this.#receivedBytes = 0;
    this.#lastBuffer = undefined;
    this.memory.release(this);
    if (this.#isLasting) this.memory.hold(this, LASTING_CALL_BYTES);
  }

  #checkAnswer(least: number): void {
    const bytes = this.#stream.writableLength;
    this.#holdAtLeast(least + bytes);
    // Calls that may take any time are timed only once they have something to be taken.
    if (least === 0 || bytes === 0 || this.#isTimed) return;
    this.#isTimed = true;
    // Node calls when nothing of the answer has gone out for that long.
    this.#stream.setTimeout(this.#arrivalMs, () => {
      if (this.#stream.writableLength > 0) this.#stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    });
  }

  #holdAtLeast(bytes: number): void {
    if (bytes > this.heldBytes) this.memory.hold(this, bytes - this.heldBytes);
  }

  #end(error: StatusError): void {
    const stream = this.#stream;
    this.#awaitedSince = undefined;
    if (stream.closed || stream.destroyed) return;
    if (stream.headersSent) {
      stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      return;
    }
    const { code, details, metadata } = toServerError(error);
    const headers = {
      ...metadata?.toHttp2Headers(),
      ':status': 200,
      'content-type': 'application/grpc+proto',
      'grpc-status': String(code),
      'grpc-message': encodeURI(details),
    };
    stream.respond(headers, { endStream: true });
    stream.close(constants.NGHTTP2_NO_ERROR);
  }
}

function requestTooSlow(limitMs: number): StatusError {
  const message = `request did not arrive within ${limitMs} ms: send it faster, or less of it`;
  return kitError(Code.DEADLINE_EXCEEDED, 'REQUEST_TOO_SLOW', message);
}

function lengthOf(headers: IncomingHttpHeaders): number {
  let length = 0;
  for (const name in headers) length += name.length + (headers[name]?.length ?? 0);
  return length;
}
