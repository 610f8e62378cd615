import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Clock } from '../../core/clock.js';
import { type ConnectionMemory, MemoryHolder } from '../../core/held-memory.js';
import type { StatusError } from '../../core/status.js';
import { memoryOf } from './connection-memory.js';
import {
  bodyTooLarge,
  bodyTooSlow,
  malformedBody,
  tooMuchUnderWay,
  unsupportedBody,
} from './http-refusal.js';
import type { CheckedLimits } from './limits.js';

/** Memory overhead of a chunk, in bytes. */
const CHUNK_BYTES = 256;

/**
 * Rejects the body that is being read. If nobody reads the body of a request yet, contains the reason to reject
 * it.
 */
const broken = new WeakMap<IncomingMessage, StatusError | ((reason: StatusError) => void)>();

/**
 * Reports that a body cannot be parsed, so that its reader stops waiting for the rest.
 *
 * @returns true if the reason becomes the response to the request; false if the body has been read or abandoned.
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
 * Reads the body of a request, or takes it from middleware that has parsed it.
 *
 * @throws StatusError if the body is longer or slower than the limits allow, or cut off; the rest stays unread.
 * TypeError if middleware has read the body without leaving a result, because treating it as empty would serve a
 * different request.
 */
export async function readBody(
  request: IncomingMessage,
  limits: CheckedLimits,
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

/** Uses events, because ending an async iteration early destroys the connection that carries the response. */
function collect(request: IncomingMessage, limits: CheckedLimits, clock: Clock): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const { bodyBytes, arrivalMs } = limits;
  const memory = memoryOf(request.socket, limits);
  const arriving = new ArrivingBody(memory, reject);
  const chunks: Buffer[] = [];
  let received = 0;
  const onData = (chunk: Buffer) => {
    if (arriving.isShed) return;
    // A small chunk would retain the whole buffer that Node read with it.
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
    request.off('data', onData).off('end', onEnd).off('error', onBreak).off('close', onBreak);
    // It may be the only listener for a broken connection. Those above would keep the body until the request is answered.
    request.on('error', ignore);
    request.pause();
  });
}

function ignore(): void {}

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

/** Body that middleware has already parsed, such as `express.json()` or `express.raw()` of Express. */
function parsedBody(request: IncomingMessage & { readonly body?: unknown }): Buffer {
  const { body } = request;
  if (body === undefined) {
    throw new TypeError(
      'body was read before the gateway: leave it unread, or put the parsed body in `request.body`',
    );
  }
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

const JSON_TYPE = /^application\/(?:json|[\w!#$&^.+-]+\+json)$/i;
const CHARSET = /^\s*charset\s*=\s*"?([\w-]+)"?\s*$/i;

/**
 * Decodes a JSON body and checks that its headers say the same. A body without a content type counts as JSON.
 *
 * @throws StatusError with HTTP status 415 if the body is not JSON, compressed or in another charset; with 400 if
 * it is not UTF-8.
 */
export function jsonText(headers: IncomingHttpHeaders, body: Buffer): string {
  if (body.length === 0) return '';
  const {
    'content-type': contentType,
    'content-encoding': encoding = 'identity',
    'transfer-encoding': transfer = 'chunked',
  } = headers;
  if (encoding !== 'identity') {
    throw unsupportedBody(`content-encoding: ${encoding}`, 'send it uncompressed');
  }
  if (!/^chunked$/i.test(transfer)) {
    throw unsupportedBody(`transfer-encoding: ${transfer}`, 'send it uncompressed');
  }
  if (contentType !== undefined) checkType(contentType);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw malformedBody('body is not valid UTF-8: encode it as UTF-8');
  }
}

function checkType(contentType: string): void {
  const [type = '', ...parameters] = contentType.split(';');
  if (!JSON_TYPE.test(type.trim())) {
    throw unsupportedBody(`content-type: ${contentType}`, 'send "content-type: application/json"');
  }
  const charset = parameters.map((parameter) => CHARSET.exec(parameter)?.[1]).find(Boolean);
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw unsupportedBody(`content-type: ${contentType}`, 'send JSON as UTF-8');
  }
}
