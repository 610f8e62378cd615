import { createHash } from 'node:crypto';
import { badToken, bearerToken } from './access-error.js';
import type { AuthorizeStep, Caller } from './call-facts.js';

/**
 * Identifies callers by fixed bearer tokens, for test servers and for callers that are trusted to keep them secret.
 *
 * @param tokens - tokens with their owners, whose `principal` is such as `user:ada@example.com`.
 * @param options - `anonymous`: handling of calls without a token; `allow` leaves them to the following steps.
 * @throws TypeError if a token is malformed or occurs twice, or a principal is empty.
 */
export function staticTokens(
  tokens: readonly (Caller & { readonly token: string; readonly principal: string })[],
  { anonymous = 'refuse' }: { readonly anonymous?: 'refuse' | 'allow' | undefined } = {},
): AuthorizeStep {
  const callers = new Map<string, Caller>();
  for (const { token, ...caller } of tokens) {
    if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token) || caller.principal === '')
      throw new TypeError(
        'a static token is malformed: use letters, digits and -._~+/, and name a principal',
      );
    if (callers.has(digest(token)))
      throw new TypeError(`the token of ${caller.principal} occurs twice: give each principal its own`);
    callers.set(digest(token), caller);
  }
  const authenticate: AuthorizeStep = ({ headers }) => {
    const token = bearerToken(headers, anonymous);
    if (token === undefined) return undefined;
    const caller = callers.get(digest(token));
    if (!caller) throw badToken('ACCESS_TOKEN_INVALID', 'token is unknown: use another one');
    return { caller };
  };
  return Object.assign(authenticate, { beforeMessage: 'decides' as const });
}

/** Lookups by digest take a time that reveals nothing about the known tokens. */
function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
