import type { IncomingHttpHeaders } from 'node:http';
import { Metadata } from '@grpc/grpc-js';
import { deadlineAfter } from '../../core/clock.js';
import { Code, invalidField, kitError, quoted, type StatusError } from '../../core/status.js';
import type { HeaderFields, HttpRequest } from './http-message.js';

/** Whom a request comes from, over which proxies: for the server behind, the gateway is its peer. */
const FORWARDED_FOR = 'x-forwarded-for';
/** Every service of Google's may be told these. */
const REQUEST_HEADERS = ['authorization', 'traceparent', 'tracestate', FORWARDED_FOR];
/** What a service may say of its answer. */
const RESPONSE_HEADERS = ['retry-after', 'www-authenticate'];
const GOOGLE_HEADER = /^x-goog-/;

/** gRPC and HTTP have these for themselves. */
const RESERVED =
  /^(?:grpc-.*|connection|content-.*|date|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/;
const HEADER_NAME = /^[a-z0-9_.-]+$/;
/** What gRPC allows in the value of a header. */
const PRINTABLE = /^[ -~]*$/;

/** Which headers go through a gateway: some always, and those that its options name. */
export class CallHeaders {
  readonly #more: ReadonlySet<string>;

  /**
   * @param more - names of further headers, in any case.
   * @throws TypeError when one cannot go through.
   */
  constructor(more: readonly string[]) {
    this.#more = new Set(more.map((name) => name.toLowerCase()));
    for (const name of this.#more) {
      if (RESERVED.test(name) || !HEADER_NAME.test(name)) {
        throw new TypeError(`header ${quoted(name)} cannot be passed on: name a header of the application`);
      }
    }
  }

  /**
   * The metadata of a call.
   *
   * @throws StatusError INVALID_ARGUMENT when a value cannot be sent by gRPC.
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

  /** What the metadata of an answer becomes. */
  fromMetadata(metadata: Metadata): HeaderFields {
    const names = Object.keys(metadata.getMap()).filter((name) => this.#passes(name, RESPONSE_HEADERS));
    return Object.fromEntries(names.map((name) => [name, metadata.get(name).map(asText)]));
  }

  #passes(name: string, always: readonly string[]): boolean {
    return always.includes(name) || GOOGLE_HEADER.test(name) || this.#more.has(name);
  }
}

/**
 * When a call has to be over, in milliseconds since 1970, or Infinity: by `X-Server-Timeout`, in seconds.
 *
 * @throws StatusError INVALID_ARGUMENT when that is no number.
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

/** Of a deadline that is over before the call is made: a server might still begin to serve it. */
export function deadlinePassed(): StatusError {
  const message =
    'deadline passed before the call was made: give it more time by the header "x-server-timeout"';
  return kitError(Code.DEADLINE_EXCEEDED, 'DEADLINE_PASSED', message);
}

function asText(value: string | Buffer): string {
  return typeof value === 'string' ? value : value.toString('base64');
}
