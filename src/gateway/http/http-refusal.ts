import { Code, kitStatus, quoted, StatusError } from '../../status.js';
import type { HeaderFields } from './http-message.js';

/** A request that fails as HTTP, before it is one for a service. */
export class HttpRefusal extends StatusError {
  readonly httpStatus: number;
  /** To be answered besides. */
  readonly headers: HeaderFields;

  constructor(
    httpStatus: number,
    code: Code,
    reason: string,
    message: string,
    { headers = {}, cause }: { readonly headers?: HeaderFields; readonly cause?: unknown } = {},
  ) {
    const { details } = kitStatus(code, reason, message);
    super(code, message, details, cause === undefined ? {} : { cause });
    this.httpStatus = httpStatus;
    this.headers = headers;
  }
}

/** What is left of the request is not read, so nothing can follow it on its connection. */
const LAST = { headers: { connection: 'close' } };

export function unknownPath(httpMethod: string, rawUrl: string): HttpRefusal {
  return new HttpRefusal(
    404,
    Code.NOT_FOUND,
    'PATH_NOT_FOUND',
    `no method has the path of ${httpMethod} ${quoted(rawUrl)}: check path and verb, case matters`,
  );
}

/** @param allow - the methods that the path is known under. */
export function unknownMethod(httpMethod: string, rawUrl: string, allow: string): HttpRefusal {
  return new HttpRefusal(
    405,
    Code.UNIMPLEMENTED,
    'HTTP_METHOD_NOT_ALLOWED',
    `${httpMethod} is not allowed on ${quoted(rawUrl)}: use ${allow}`,
    { headers: { allow } },
  );
}

export function bodyTooLarge(limitBytes: number): HttpRefusal {
  const message = `body is longer than ${limitBytes} bytes: send less`;
  return new HttpRefusal(413, Code.INVALID_ARGUMENT, 'BODY_TOO_LARGE', message, LAST);
}

export function bodyTooSlow(limitMs: number): HttpRefusal {
  const message = `body did not arrive within ${limitMs} ms: send it faster, or less of it`;
  return new HttpRefusal(408, Code.DEADLINE_EXCEEDED, 'BODY_TOO_SLOW', message, LAST);
}

export function urlTooLong(limitBytes: number): HttpRefusal {
  const message = `URL is longer than ${limitBytes} bytes: shorten it`;
  return new HttpRefusal(414, Code.INVALID_ARGUMENT, 'URL_TOO_LONG', message);
}

export function headersTooLarge(limitBytes: number): HttpRefusal {
  const message = `headers are longer than ${limitBytes} bytes: send fewer or shorter ones`;
  return new HttpRefusal(431, Code.INVALID_ARGUMENT, 'HEADERS_TOO_LARGE', message);
}

/** @param given - name and value of the header to blame. */
export function unsupportedBody(given: string, advice: string): HttpRefusal {
  const message = `body has ${quoted(given)}: ${advice}`;
  return new HttpRefusal(415, Code.INVALID_ARGUMENT, 'UNSUPPORTED_MEDIA_TYPE', message);
}
