import { Code, StatusError } from '../../status.js';

/** A refusal that says over HTTP how to get in (RFC 6750, section 3). */
export class AccessError extends StatusError {
  /** The value of `WWW-Authenticate`; undefined when no credentials would help. */
  readonly challenge: string | undefined;

  constructor({ code, message, details }: StatusError, challenge: string | undefined) {
    super(code, message, details);
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
