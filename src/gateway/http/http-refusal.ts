import { Code, kitError, kitStatus, quoted, StatusError } from '../../core/status.js';
import type { HeaderFields } from './http-message.js';

/** Rejection of a request at the HTTP level, before it reaches a service. */
export class HttpRefusal extends StatusError {
  readonly httpStatus: number;
  /** Additional headers of the response. */
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

/** The rest of the request stays unread, so the connection cannot be reused. */
const LAST = { headers: { connection: 'close' } };

export function unknownPath(httpMethod: string, rawUrl: string): HttpRefusal {
  return new HttpRefusal(
    404,
    Code.NOT_FOUND,
    'PATH_NOT_FOUND',
    `no method has the path of ${httpMethod} ${quoted(rawUrl)}: check path and verb, case matters`,
  );
}

/** @param allow - methods that the path supports. */
export function unknownMethod(httpMethod: string, rawUrl: string, allow: string): HttpRefusal {
  return new HttpRefusal(
    405,
    Code.UNIMPLEMENTED,
    'HTTP_METHOD_NOT_ALLOWED',
    `${httpMethod} is not allowed on ${quoted(rawUrl)}: use ${allow}`,
    { headers: { allow } },
  );
}

/** Rejects bytes that Node cannot parse as a request. */
export function malformedRequest(): HttpRefusal {
  return new HttpRefusal(
    400,
    Code.INVALID_ARGUMENT,
    'MALFORMED_REQUEST',
    'request is not valid HTTP/1.1: correct it',
    LAST,
  );
}

/** Rejects a connection on which no complete request has arrived. */
export function requestTooSlow(): HttpRefusal {
  const message = 'request did not arrive in time: send it faster';
  return new HttpRefusal(408, Code.DEADLINE_EXCEEDED, 'REQUEST_TOO_SLOW', message, LAST);
}

/** Rejects a URL and headers beyond Node's own limit. */
export function headTooLarge(): HttpRefusal {
  const message = 'URL and headers are too long: shorten them';
  return new HttpRefusal(431, Code.INVALID_ARGUMENT, 'HEADERS_TOO_LARGE', message, LAST);
}

export function tunnelRefused(): HttpRefusal {
  const message = 'CONNECT is not supported because this is not a proxy: request a path with another method';
  return new HttpRefusal(501, Code.UNIMPLEMENTED, 'CONNECT_UNSUPPORTED', message, LAST);
}

/** @param fault - problem with the header `host`. */
export function unclearHost(fault: string): HttpRefusal {
  return new HttpRefusal(400, Code.INVALID_ARGUMENT, 'MALFORMED_REQUEST', `request has ${fault}: send one`);
}

/** @param expectation - value of the header `expect`. */
export function expectationFailed(expectation: string): HttpRefusal {
  const message = `header "expect" is ${quoted(expectation)}: send "100-continue" or none`;
  return new HttpRefusal(417, Code.INVALID_ARGUMENT, 'EXPECTATION_FAILED', message);
}

/** @param methods - methods that the header may name. */
export function overrideRefused(given: string, methods: string): HttpRefusal {
  const message = `header "x-http-method-override" is ${quoted(given)}: use one of ${methods}`;
  return new HttpRefusal(400, Code.INVALID_ARGUMENT, 'MALFORMED_REQUEST', message);
}

export function bodyTooLarge(limitBytes: number): HttpRefusal {
  const message = `body is longer than ${limitBytes} bytes: send less`;
  return new HttpRefusal(413, Code.INVALID_ARGUMENT, 'BODY_TOO_LARGE', message, LAST);
}

export function bodyTooSlow(limitMs: number): HttpRefusal {
  const message = `body did not arrive within ${limitMs} ms: send it faster, or less of it`;
  return new HttpRefusal(408, Code.DEADLINE_EXCEEDED, 'BODY_TOO_SLOW', message, LAST);
}

export function tooMuchUnderWay(): HttpRefusal {
  const message =
    'server holds too much memory for incomplete bodies: send fewer at once, or send them faster';
  const headers = { ...LAST.headers, 'retry-after': '1' };
  return new HttpRefusal(429, Code.RESOURCE_EXHAUSTED, 'TOO_MUCH_UNDER_WAY', message, { headers });
}

/** Rejects a request that was pipelined behind too many unanswered ones. */
export function tooManyPipelined(limit: number): HttpRefusal {
  const message = `connection has ${limit} unanswered requests: wait for responses, or use more connections`;
  return new HttpRefusal(429, Code.RESOURCE_EXHAUSTED, 'TOO_MANY_PIPELINED', message, LAST);
}

export function urlTooLong(limitBytes: number): HttpRefusal {
  const message = `URL is longer than ${limitBytes} bytes: shorten it`;
  return new HttpRefusal(414, Code.INVALID_ARGUMENT, 'URL_TOO_LONG', message);
}

export function headersTooLarge(limitBytes: number): HttpRefusal {
  const message = `headers are longer than ${limitBytes} bytes: send fewer or shorter ones`;
  return new HttpRefusal(431, Code.INVALID_ARGUMENT, 'HEADERS_TOO_LARGE', message);
}

/** @param given - name and value of the offending header. */
export function unsupportedBody(given: string, advice: string): HttpRefusal {
  const message = `body has ${quoted(given)}: ${advice}`;
  return new HttpRefusal(415, Code.INVALID_ARGUMENT, 'UNSUPPORTED_MEDIA_TYPE', message);
}

/** HTTP status codes from `google/rpc/code.proto`. */
const STATUS_OF_CODE: Readonly<Record<Code, number>> = {
  [Code.OK]: 200,
  [Code.CANCELLED]: 499,
  [Code.UNKNOWN]: 500,
  [Code.INVALID_ARGUMENT]: 400,
  [Code.DEADLINE_EXCEEDED]: 504,
  [Code.NOT_FOUND]: 404,
  [Code.ALREADY_EXISTS]: 409,
  [Code.PERMISSION_DENIED]: 403,
  [Code.RESOURCE_EXHAUSTED]: 429,
  [Code.FAILED_PRECONDITION]: 400,
  [Code.ABORTED]: 409,
  [Code.OUT_OF_RANGE]: 400,
  [Code.UNIMPLEMENTED]: 501,
  [Code.INTERNAL]: 500,
  [Code.UNAVAILABLE]: 503,
  [Code.DATA_LOSS]: 500,
  [Code.UNAUTHENTICATED]: 401,
};

/** HTTP status of the response for an error. */
export function httpStatusOf(error: StatusError): number {
  return error instanceof HttpRefusal ? error.httpStatus : STATUS_OF_CODE[error.code];
}

/** Creates `INVALID_ARGUMENT` for a URL, if no single request field is at fault. */
export function malformedUrl(message: string): StatusError {
  return kitError(Code.INVALID_ARGUMENT, 'MALFORMED_URL', message);
}

export function malformedBody(message: string): StatusError {
  return kitError(Code.INVALID_ARGUMENT, 'MALFORMED_BODY', message);
}

/** Error that clients see if the gateway fails. Its cause is only logged (contract 33). */
export function internalError(cause: unknown): StatusError {
  return kitError(Code.UNKNOWN, 'INTERNAL_ERROR', 'internal error in the gateway: see its log', { cause });
}
