import type { IncomingHttpHeaders } from 'node:http';
import { Metadata } from '@grpc/grpc-js';
import { deadlineAfter } from '../../core/clock.js';
import { Code, invalidField, kitError, quoted, type StatusError } from '../../core/status.js';
import type { HeaderFields, HttpRequest } from './http-message.js';

/** Client address and proxies in between. The gateway is the peer that the server sees. */
const FORWARDED_FOR = 'x-forwarded-for';
/** Request headers that any Google service may receive. */
const REQUEST_HEADERS = ['authorization', 'traceparent', 'tracestate', FORWARDED_FOR];
/** Response metadata that any service may return. */
const RESPONSE_HEADERS = ['retry-after', 'www-authenticate'];
const GOOGLE_HEADER = /^x-goog-/;

/** Headers that gRPC and HTTP use themselves. */
const RESERVED =
  /^(?:grpc-.*|connection|content-.*|date|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/;
const HEADER_NAME = /^[a-z0-9_.-]+$/;
/** Characters that gRPC allows in header values. */
const PRINTABLE = /^[ -~]*$/;

/** Headers that a gateway passes through: some always, and those that its options name. */
export class CallHeaders {
  readonly #more: ReadonlySet<string>;

  /**
   * @param more - names of further headers, in any case.
   * @throws TypeError if a header cannot be passed through.
   */
  constructor(more: readonly string[]) {
    this.#more = new Set(more.map((name) => name.toLowerCase()));
    for (const name of this.#more) {
      if (RESERVED.test(name) || !HEADER_NAME.test(name)) {
        throw new TypeError(`header ${quoted(name)} cannot be forwarded: name a header of your application`);
      }
    }
  }

  /**
   * Converts headers to the metadata of a call.
   *
   * @throws StatusError INVALID_ARGUMENT if gRPC cannot send a value.
   */
  toMetadata({ headers, remoteAddress }: Pick<HttpRequest, 'headers' | 'remoteAddress'>): Metadata {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined || !this.#passes(name, REQUEST_HEADERS)) continue;
      const text = String(value);
      if (!PRINTABLE.test(text) || !HEADER_NAME.test(name)) {
        throw invalidField(name, `header ${quoted(name)} is ${quoted(text)}: use printable ASCII only`);
      }
      metadata.set(name, name.endsWith('-bin') ? Buffer.from(text, 'base64') : text);
    }
    if (remoteAddress !== undefined) {
      metadata.set(FORWARDED_FOR, [...metadata.get(FORWARDED_FOR), remoteAddress].join(', '));
    }
    return metadata;
  }

  /** Converts the metadata of a response to headers. */
  fromMetadata(metadata: Metadata): HeaderFields {
    const names = Object.keys(metadata.getMap()).filter((name) => this.#passes(name, RESPONSE_HEADERS));
    return Object.fromEntries(names.map((name) => [name, metadata.get(name).map(asText)]));
  }

  #passes(name: string, always: readonly string[]): boolean {
    return always.includes(name) || GOOGLE_HEADER.test(name) || this.#more.has(name);
  }
}

/**
 * Deadline of a call from `X-Server-Timeout` (seconds), in milliseconds since 1970, or Infinity.
 *
 * @throws StatusError INVALID_ARGUMENT if the header is not a number.
 */
export function deadlineOf({ 'x-server-timeout': timeout }: IncomingHttpHeaders): number {
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  const seconds = String(timeout);
  if (!/^\d+(?:\.\d+)?$/.test(seconds)) {
    const message = `header "x-server-timeout" is ${quoted(seconds)}: give seconds, such as "2.5"`;
    throw invalidField('x-server-timeout', message);
  }
  return deadlineAfter(Number(seconds) * 1000);
}

/** Rejects a call whose deadline has passed before it starts. A server might still begin to serve it. */
export function deadlinePassed(): StatusError {
  const message =
    'deadline passed before the call was made: give it more time by the header "x-server-timeout"';
  return kitError(Code.DEADLINE_EXCEEDED, 'DEADLINE_PASSED', message);
}

function asText(value: string | Buffer): string {
  return typeof value === 'string' ? value : value.toString('base64');
}
