import { Metadata } from '@grpc/grpc-js';
import { Code, kitError, StatusError } from '../../core/status.js';

/** Server behind a gateway. Messages pass through as encoded bytes. */
export interface Upstream {
  /** Makes a unary call. Never rejects. */
  call(path: string, request: Uint8Array, options: UpstreamCall): Promise<UpstreamAnswer>;
  /** Releases the server after the current calls. Later calls are answered with UNAVAILABLE. */
  close(): void;
}

/** Properties of one call. */
export interface UpstreamCall {
  readonly metadata: Metadata;
  /** Address and port of the original client. Undefined if unknown. */
  readonly peer: string | undefined;
  /** Deadline in milliseconds since 1970, or Infinity. */
  readonly deadline: number;
  /** Signal that cancels the call. Created lazily; read it only when needed. */
  readonly signal: AbortSignal;
}

/** Result of a call. `metadata` contains headers and trailers. */
export type UpstreamAnswer =
  | { readonly kind: 'response'; readonly bytes: Uint8Array; readonly metadata: Metadata }
  | { readonly kind: 'error'; readonly error: StatusError; readonly metadata: Metadata };

/** Result of calls after the gateway was closed. */
export function closed(): UpstreamAnswer {
  const message = 'gateway is closed: use another one';
  return {
    kind: 'error',
    error: kitError(Code.UNAVAILABLE, 'GATEWAY_CLOSED', message),
    metadata: new Metadata(),
  };
}

/** Error for a response without a message: the server's error with its details, or success without a message. */
export function serverError(code: number, details: string, metadata: Metadata): StatusError {
  if (code === Code.OK)
    return new StatusError(Code.INTERNAL, 'server answered without a message: check the server');
  // Uses the error form of grpc-js clients, so that details are read in one way.
  return StatusError.from(Object.assign(new Error(details), { code, details, metadata }));
}
