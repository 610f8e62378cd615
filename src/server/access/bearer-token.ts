import { badToken, credentialsMissing } from './denial.js';

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
