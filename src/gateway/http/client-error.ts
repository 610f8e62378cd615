import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { systemClock } from '../../core/clock.js';
import { COMPACT } from '../json/json-format.js';
import type { MessageJson } from '../json/message-json.js';
import { errorEnvelope } from './error-envelope.js';
import { HttpRefusal, headTooLarge, malformedRequest, requestTooSlow } from './http-refusal.js';
import { STATUS_CODES } from './node-http.js';
import { breakBody } from './read-body.js';

/** Milliseconds to keep reading unwanted bytes, so that the client reads the response before the connection ends. */
export const LINGER_MS = 1000;

/** Upper bound on concurrent requests of a connection. Each takes memory, and some clients never read a response. */
export const MAX_PIPELINED = 128;

/** Responses that a connection waits for. */
interface OwedAnswers {
  /** Last response in the queue. All others precede it. */
  last: ServerResponse;
  count: number;
}

const owedAnswers = new WeakMap<Duplex, OwedAnswers>();

/**
 * Registers a response that client errors on the connection must wait for.
 *
 * @returns false if too many responses are pending on the connection; then the request must not be served.
 */
export function oweAnswer(connection: Duplex, response: ServerResponse): boolean {
  const owed = owedAnswers.get(connection) ?? { last: response, count: 0 };
  if (owed.count >= MAX_PIPELINED) return false;
  owed.last = response;
  owed.count++;
  owedAnswers.set(connection, owed);
  response.on('close', () => owed.count--);
  return true;
}

/** Responds to bytes that Node cannot parse as a request, for the `clientError` event of a server. */
export class ClientErrors {
  readonly #json: MessageJson;
  readonly #heard = new WeakSet<Duplex>();

  constructor(json: MessageJson) {
    this.#json = json;
  }

  /**
   * Responds and closes the connection. An error in a body that is still arriving becomes the response to that
   * request. Any other error waits for the pending responses of the connection; the client would otherwise
   * mistake it for one of them. Errors after the first one follow from it and are ignored.
   */
  answer(error: Error & { readonly code?: string }, connection: Duplex): void {
    if (error.code === 'ECONNRESET' || !connection.writable) {
      connection.destroy();
      return;
    }
    if (this.#heard.has(connection)) return;
    this.#heard.add(connection);
    const owed = owedAnswers.get(connection)?.last;
    const isInBody = owed !== undefined && !owed.req.complete;
    const refusal = error instanceof HttpRefusal ? error : refusalOf(error.code, { isInBody });
    if (!owed || owed.writableFinished || owed.destroyed) this.#end(connection, refusal);
    else if (isInBody && breakBody(owed.req, refusal)) return;
    else owed.once('close', () => this.#end(connection, refusal));
  }

  #end(connection: Duplex, refusal: HttpRefusal): void {
    if (!connection.writable) return;
    const { httpStatus } = refusal;
    const body = errorEnvelope(refusal, this.#json, COMPACT);
    const head = [
      `HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus]}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    connection.end(`${head.join('\r\n')}\r\n\r\n${body}`);
    // A client that does not close its side would keep the connection open.
    const stopTimer = systemClock.setTimer(() => connection.destroy(), LINGER_MS, { background: true });
    connection.once('close', stopTimer);
  }
}

function refusalOf(code: string | undefined, { isInBody }: { readonly isInBody: boolean }): HttpRefusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      // In a body, the overflow is in the trailers of chunked encoding.
      return isInBody ? malformedRequest() : headTooLarge();
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return requestTooSlow();
  }
  return malformedRequest();
}
