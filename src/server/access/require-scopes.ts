import { Code, kitStatus } from '../../core/status.js';
import { AccessError, bearerChallenge, credentialsMissing } from './access-error.js';
import type { AuthorizeStep } from './call-facts.js';

/** Syntax of a scope (RFC 6749, section 3.3). */
const SCOPE = /^[!#-[\]-~]+$/;

/**
 * Requires credentials with all of these scopes (OAuth 2.0), such as `https://www.googleapis.com/auth/cloud-platform`. It must
 * follow a step that identifies the caller.
 *
 * @throws TypeError if the list is empty or a scope is malformed.
 */
export function requireScopes(scopes: readonly string[]): AuthorizeStep {
  if (scopes.length === 0) throw new TypeError('requireScopes names no scope: name one, or leave it out');
  for (const scope of scopes) {
    if (!SCOPE.test(scope))
      throw new TypeError(`scope ${JSON.stringify(scope)} is malformed: use printable ASCII without spaces`);
  }
  const authorize: AuthorizeStep = ({ caller }) => {
    if (caller.principal === undefined) throw credentialsMissing();
    const missing = scopes.filter((scope) => !caller.scopes?.includes(scope));
    if (missing.length > 0) throw insufficient(missing, scopes);
    return undefined;
  };
  return Object.assign(authorize, { beforeMessage: 'decides' as const });
}

function insufficient(missing: readonly string[], scopes: readonly string[]): AccessError {
  const message = `token lacks ${missing.map((scope) => `scope ${scope}`).join(' and ')}: ask for one that has it`;
  const metadata = { scope: missing.join(' ') };
  return new AccessError(
    kitStatus(Code.PERMISSION_DENIED, 'ACCESS_TOKEN_SCOPE_INSUFFICIENT', message, { metadata }),
    bearerChallenge('insufficient_scope', scopes),
  );
}
