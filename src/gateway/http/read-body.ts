import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../core/clock.js';
import { type ConnectionMemory, MemoryHolder } from '../../core/held-memory.js';
import type { StatusError } from '../../core/status.js';
import { memoryOf } from './connection-memory.js';
import { bodyTooLarge, bodyTooSlow, tooMuchUnderWay } from './http-refusal.js';
import type { GatewayLimits } from './limits.js';
import { malformedBody } from './malformed-request.js';

/** Memory that a chunk takes besides its bytes. */
const CHUNK_BYTES = 256;

/** Rejects the body that is being read; of a request whose body nobody has read yet, the reason why it cannot be. */
const broken = new WeakMap<IncomingMessage, StatusError | ((reason: StatusError) => void)>();

/**
 * Reports that a body cannot be parsed, so that its reader need not wait for the rest.
 *
 * @returns whether the reason will be the answer to the request: not if the body has been read, or given up.
 */
export function breakBody(request: IncomingMessage, reason: StatusError): boolean {
  const reader = broken.get(request);
  if (typeof reader === 'function') {
    reader(reason);
    return true;
  }
  broken.set(request, reason);
  return false;
}

/**
 * Reads the body of a request, or takes what middleware has made of it.
 *
 * @throws StatusError when it is longer or slower than the limits allow, or cut off, the rest of it left unread;
 * TypeError when somebody has read it and left nothing: to take it for empty would be to serve another request.
 */
export async function readBody(
  request: IncomingMessage,
  limits: Required<GatewayLimits>,
  clock: Clock,
): Promise<Buffer> {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return Buffer.alloc(0);
  if (request.readableEnded) return parsedBody(request);
  if (Number(length) > limits.bodyBytes) throw bodyTooLarge(limits.bodyBytes);
  const reason = broken.get(request);
  if (reason instanceof Error) throw reason;
  return collect(request, limits, clock);
}

/** By events: to break off an async iteration would destroy the connection that is to carry the answer. */
function collect(request: IncomingMessage, limits: Required<GatewayLimits>, clock: Clock): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const { bodyBytes, arrivalMs } = limits;
  const memory = memoryOf(request.socket, limits);
  const arriving = new ArrivingBody(memory, reject);
  const chunks: Buffer[] = [];
  let received = 0;
  const onData = (chunk: Buffer) => {
    if (arriving.isShed) return;
    // A small chunk would keep all that Node read with it.
    chunks.push(2 * chunk.length < chunk.buffer.byteLength ? Buffer.from(chunk) : chunk);
    memory.hold(arriving, chunk.length + CHUNK_BYTES);
    received += chunk.length;
    if (received > bodyBytes) reject(bodyTooLarge(bodyBytes));
  };
  const onEnd = () => resolve(Buffer.concat(chunks));
  const onBreak = () => reject(malformedBody('body is cut off: send all of it'));
  const stopTimer = clock.setTimer(() => reject(bodyTooSlow(arrivalMs)), arrivalMs);
  broken.set(request, reject);
  request.on('data', onData).on('end', onEnd).on('error', onBreak).on('close', onBreak);
  return promise.finally(() => {
    stopTimer();
    memory.release(arriving);
    broken.delete(request);
    request.off('data', onData).off('end', onEnd).off('close', onBreak);
    // Its error listener stays: nobody else may be there to hear of a broken connection.
    request.pause();
  });
}

class ArrivingBody extends MemoryHolder {
  readonly #reject: (reason: StatusError) => void;

  constructor(memory: ConnectionMemory, reject: (reason: StatusError) => void) {
    super(memory);
    this.#reject = reject;
  }

  override shed(): void {
    this.#reject(tooMuchUnderWay());
  }
}

/** What middleware that has read the body leaves in its place: Express by `express.json()` or `express.raw()`. */
function parsedBody(request: IncomingMessage & { readonly body?: unknown }): Buffer {
  const { body } = request;
  if (body === undefined) {
    throw new TypeError(
      'body was read before the gateway: leave it unread, or put what came of it in `body` of the request',
    );
  }
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
