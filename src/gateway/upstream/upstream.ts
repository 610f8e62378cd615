import { Metadata } from '@grpc/grpc-js';
import { Code, kitError, StatusError } from '../../core/status.js';

/** The server behind a gateway. Messages are passed on as the bytes that they are. */
export interface Upstream {
  /** Makes a unary call. Never rejects. */
  call(path: string, request: Uint8Array, options: UpstreamCall): Promise<UpstreamAnswer>;
  /** Lets go of the server; calls that are under way go on. Later ones are answered UNAVAILABLE. */
  close(): void;
}

/** What is said about one call. */
export interface UpstreamCall {
  readonly metadata: Metadata;
  /** Address and port of whom it is made for; undefined when they are not known. */
  readonly peer: string | undefined;
  /** Milliseconds since 1970, or Infinity. */
  readonly deadline: number;
  /** Cancels the call. It may be made when it is asked for, so whoever can do without does not ask. */
  readonly signal: AbortSignal;
}

/** What came of a call; `metadata` has headers and trailers. */
export type UpstreamAnswer =
  | { readonly kind: 'response'; readonly bytes: Uint8Array; readonly metadata: Metadata }
  | { readonly kind: 'error'; readonly error: StatusError; readonly metadata: Metadata };

/** What a call is answered once the gateway has been closed. */
export function closed(): UpstreamAnswer {
  const message = 'gateway is closed: ask another one';
  return {
    kind: 'error',
    error: kitError(Code.UNAVAILABLE, 'GATEWAY_CLOSED', message),
    metadata: new Metadata(),
  };
}

/** What a server answered in place of a message: an error with its details, or success without one. */
export function serverError(code: number, details: string, metadata: Metadata): StatusError {
  if (code === Code.OK)
    return new StatusError(Code.INTERNAL, 'the server answered with no message: see to the server');
  // As clients of grpc-js have it, so that details are read in one way.
  return StatusError.from(Object.assign(new Error(details), { code, details, metadata }));
}
