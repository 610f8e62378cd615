import { Code, kitError } from '../../status.js';
import { withoutStack } from '../../without-stack.js';
import { AccessError, bearerChallenge } from './access-error.js';

/** A call without credentials that needs some. */
export function credentialsMissing(): AccessError {
  const message =
    'call has no credentials, and needs some: send a bearer token, as header authorization: Bearer TOKEN';
  return withoutStack(
    () => new AccessError(kitError(Code.UNAUTHENTICATED, 'CREDENTIALS_MISSING', message), bearerChallenge()),
  );
}

/** Credentials that are no good. */
export function badToken(reason: string, message: string, cause?: unknown): AccessError {
  return withoutStack(
    () =>
      new AccessError(
        kitError(Code.UNAUTHENTICATED, reason, message, { cause }),
        bearerChallenge('invalid_token'),
      ),
  );
}
