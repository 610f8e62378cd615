import { Code, kitStatus, StatusError } from '../../core/status.js';

/** A refused call, with the challenge for HTTP clients (RFC 6750, section 3). */
export class AccessError extends StatusError {
  /** Value of the header `WWW-Authenticate`; undefined if no credentials would help. */
  readonly challenge: string | undefined;

  constructor(
    { code, message, details }: Pick<StatusError, 'code' | 'message' | 'details'>,
    challenge: string | undefined,
    options?: ErrorOptions,
  ) {
    super(code, message, details, options);
    this.challenge = challenge;
  }
}

/** Error codes of RFC 6750, section 3.1. */
export type ChallengeError = 'invalid_token' | 'insufficient_scope';

/**
 * Builds a challenge for bearer tokens.
 *
 * @param error - undefined if the call had no token.
 * @param scopes - scopes that a token needs.
 */
export function bearerChallenge(error?: ChallengeError, scopes: readonly string[] = []): string {
  const parameters = [
    'realm="longrunning"',
    ...(error ? [`error="${error}"`] : []),
    ...(scopes.length > 0 ? [`scope="${scopes.join(' ')}"`] : []),
  ];
  return `Bearer ${parameters.join(', ')}`;
}

/** Returns true if an error refuses a call because of its caller. */
export function isRefusal({ code }: StatusError): boolean {
  return code === Code.UNAUTHENTICATED || code === Code.PERMISSION_DENIED;
}

/** Handling of calls without a token: refused, or passed on as anonymous for a policy to decide. */
export type Anonymous = 'refuse' | 'allow';

/** `Bearer`, a space, and a token as defined in RFC 6750. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/**
 * Reads the bearer token of a call.
 *
 * @returns undefined if the call has none and anonymous calls are allowed.
 * @throws AccessError UNAUTHENTICATED if a token is required and missing, or if the credentials are of another kind.
 */
export function bearerToken(
  headers: Readonly<Record<string, string>>,
  anonymous: Anonymous,
): string | undefined {
  const { authorization } = headers;
  if (authorization === undefined) {
    if (anonymous === 'allow') return undefined;
    throw credentialsMissing();
  }
  const token = BEARER.exec(authorization)?.[1];
  if (token !== undefined) return token;
  throw badToken(
    'ACCESS_TOKEN_TYPE_UNSUPPORTED',
    'header authorization has no bearer token: write it as Bearer TOKEN',
  );
}

/** Error of a call that lacks required credentials. */
export function credentialsMissing(): AccessError {
  const message = 'call has no credentials: send a bearer token, as header authorization: Bearer TOKEN';
  return new AccessError(kitStatus(Code.UNAUTHENTICATED, 'CREDENTIALS_MISSING', message), bearerChallenge());
}

/** Error of a call with invalid credentials. */
export function badToken(reason: string, message: string, cause?: unknown): AccessError {
  return new AccessError(
    kitStatus(Code.UNAUTHENTICATED, reason, message),
    bearerChallenge('invalid_token'),
    cause === undefined ? {} : { cause },
  );
}
