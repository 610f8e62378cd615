import { Code, kitStatus, StatusError } from '../../core/status.js';

/** A refusal that says over HTTP how to get in (RFC 6750, section 3). */
export class AccessError extends StatusError {
  /** The value of `WWW-Authenticate`; undefined when no credentials would help. */
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

/** Of RFC 6750, section 3.1. */
export type ChallengeError = 'invalid_token' | 'insufficient_scope';

/**
 * A challenge for bearer tokens. With no error: there was no token.
 *
 * @param scopes - what a token has to be good for.
 */
export function bearerChallenge(error?: ChallengeError, scopes: readonly string[] = []): string {
  const parameters = [
    'realm="longrunning"',
    ...(error ? [`error="${error}"`] : []),
    ...(scopes.length > 0 ? [`scope="${scopes.join(' ')}"`] : []),
  ];
  return `Bearer ${parameters.join(', ')}`;
}

/** Whether an error refuses a call for who makes it. */
export function isRefusal({ code }: StatusError): boolean {
  return code === Code.UNAUTHENTICATED || code === Code.PERMISSION_DENIED;
}

/** What becomes of calls without a token: refused, or let on as nobody's, for a policy to judge. */
export type Anonymous = 'refuse' | 'allow';

/** `Bearer`, a space, and a token as RFC 6750 has it. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/**
 * The token that a call brings.
 *
 * @returns undefined when it brings none, and may.
 * @throws AccessError UNAUTHENTICATED when it brings none and may not, or something else.
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

/** A call without credentials that needs some. */
export function credentialsMissing(): AccessError {
  const message =
    'call has no credentials, and needs some: send a bearer token, as header authorization: Bearer TOKEN';
  return new AccessError(kitStatus(Code.UNAUTHENTICATED, 'CREDENTIALS_MISSING', message), bearerChallenge());
}

/** Credentials that are no good. */
export function badToken(reason: string, message: string, cause?: unknown): AccessError {
  return new AccessError(
    kitStatus(Code.UNAUTHENTICATED, reason, message),
    bearerChallenge('invalid_token'),
    cause === undefined ? {} : { cause },
  );
}
