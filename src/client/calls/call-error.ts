import { ErrorInfo } from '../../../generated/google/rpc/error_details.js';
import { Backoff, type BackoffPolicy } from '../../core/backoff.js';
import { timeLeftMs } from '../../core/clock.js';
import { link, sleep } from '../../core/signals.js';
import { Code, ERROR_DOMAIN, kitError, readableDetail, StatusError } from '../../core/status.js';
import { callDeadline } from './call-deadline.js';

/** ErrorInfo reason of UNIMPLEMENTED that stands for HTTP 404, which may come from a proxy. */
export const HTTP_NOT_FOUND = 'HTTP_NOT_FOUND';

/** Returns true if the kit raised the error for that reason. */
export function hasReason(error: StatusError, reason: string): boolean {
  const info = readableDetail(error, ErrorInfo);
  return info?.domain === ERROR_DOMAIN && info.reason === reason;
}

/**
 * Messages of statuses that grpc-js generates when a stream or its connection ends without a status of the server:
 * after RST_STREAM with any code, GOAWAY, a hard shutdown or a cut. Their codes say nothing about the call.
 */
const CONNECTION_FAILURES: Readonly<Partial<Record<Code, RegExp>>> = {
  [Code.CANCELLED]: /^Call cancelled$/,
  [Code.UNKNOWN]: /^No status information received$/,
  [Code.PERMISSION_DENIED]: /^Protocol not secure enough$/,
  [Code.RESOURCE_EXHAUSTED]: /^Bandwidth exhausted or memory limit exceeded$/,
  [Code.UNAVAILABLE]:
    /^(?:Connection dropped|Stream refused by server|Write (?:error|failed)\b|.*\bE(?:CONNRESET|TIMEDOUT|PIPE)\b)/,
  [Code.INTERNAL]:
    /^(?:Received RST_STREAM with code \d|Write error: |Failed to start HTTP\/2 stream with error )/,
};

const HTTP_STATUS = /^Received HTTP status code (\d+)$/;

/** HTTP statuses by which a proxy reports that the server is unreachable now. 404 is handled separately. */
const TRANSIENT_HTTP_STATUS = /^(?:2\d\d|408|421|425|429|5\d\d)$/;

/** Message of grpc-js for status OK without a response, which it reports as UNIMPLEMENTED. */
const NO_MESSAGE = 'No message received';

/** Messages of calls that never had a connection, which `connection-fault.ts` explains. */
const NOT_CONNECTED = /^No connection established/;

const CONNECTION_BROKEN = 'CONNECTION_BROKEN';
const NO_GRPC_STATUS = 'NO_GRPC_STATUS';

/** Returns true if the connection or a proxy, not the server, ended the call. */
export function isConnectionFailure(error: StatusError): boolean {
  return hasReason(error, CONNECTION_BROKEN) || hasReason(error, NO_GRPC_STATUS);
}

interface FailedCall {
  readonly metadata?: { getMap(): object };
}

/**
 * Normalizes the error of a call over grpc-js. Connection-level failures become UNAVAILABLE, whatever their code in
 * grpc-js (contract 45). A complete status of the server is unchanged.
 *
 * The error's metadata distinguishes them: it has the trailers of a complete status. A generated status has empty
 * metadata and one of a few messages.
 */
export function callError(thrown: unknown): StatusError {
  const error = StatusError.from(thrown);
  const { message } = error;
  const [, httpStatus] = HTTP_STATUS.exec(message) ?? [];
  // The trailers of a complete status have another message; these have no grpc-status.
  if (httpStatus !== undefined && error.details.length === 0) return httpError(error, httpStatus);
  if (error.code === Code.UNIMPLEMENTED && message === NO_MESSAGE) {
    const text = 'server reports success without a response: report it to the operator of the server';
    return kitError(Code.INTERNAL, 'NO_RESPONSE', text, { cause: error });
  }
  const { metadata } = Object(thrown) as FailedCall;
  const fromServer = metadata !== undefined && Object.keys(metadata.getMap()).length > 0;
  if (fromServer || NOT_CONNECTED.test(message)) return error;
  if (!CONNECTION_FAILURES[error.code]?.test(message)) return error;
  const text = `connection broke (${message}): try again`;
  return kitError(Code.UNAVAILABLE, CONNECTION_BROKEN, text, { cause: error });
}

function httpError(error: StatusError, httpStatus: string): StatusError {
  const facts = { metadata: { httpStatus }, cause: error };
  if (httpStatus === '404') {
    const text = `${error.message}, not from a gRPC server: check the address and the proxies on the way`;
    return kitError(Code.UNIMPLEMENTED, HTTP_NOT_FOUND, text, facts);
  }
  if (!TRANSIENT_HTTP_STATUS.test(httpStatus)) return error;
  const text = `response has no gRPC status (${error.message}): try again`;
  return kitError(Code.UNAVAILABLE, NO_GRPC_STATUS, text, facts);
}

/** Limits of a call that may be repeated. */
export interface RepeatOptions {
  /** Covers all attempts and the pauses between them. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Aborts when the client is closed. */
  readonly closed: AbortSignal;
  /** Source of jitter: returns a number from 0 up to 1. */
  readonly random: () => number;
}

/** Attempts and pauses that report a failure within two seconds. */
const MAX_ATTEMPTS = 3;
const BACKOFF: BackoffPolicy = { initialMs: 250, multiplier: 3, maxMs: 750 };

/**
 * Makes an idempotent call, and repeats it after a connection-level failure (contract 45). The service config only
 * covers UNAVAILABLE, and grpc-js reports most of these failures with other codes.
 *
 * @param call - receives the remaining time.
 * @throws StatusError; `signal.reason` on abort.
 */
export async function repeatBroken<Answer>(
  call: (timeoutMs: number) => Promise<Answer>,
  { timeoutMs, signal, closed, random }: RepeatOptions,
): Promise<Answer> {
  const deadline = callDeadline(timeoutMs);
  const backoff = new Backoff(BACKOFF, random);
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(timeLeftMs(deadline) ?? Number.POSITIVE_INFINITY);
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isUnseenFailure(error)) throw error;
      const pauseMs = backoff.next();
      if (Date.now() + pauseMs >= deadline) throw error;
      const linked = link(signal, closed);
      try {
        await sleep(pauseMs, linked.signal);
      } finally {
        linked[Symbol.dispose]();
      }
    }
  }
}

/** True for a connection-level failure that grpc-js did not repeat itself. */
function isUnseenFailure(error: unknown): boolean {
  if (!(error instanceof StatusError) || !isConnectionFailure(error)) return false;
  return !(error.cause instanceof StatusError && error.cause.code === Code.UNAVAILABLE);
}
