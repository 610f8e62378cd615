import { createHash } from 'node:crypto';
import { type Anonymous, badToken, bearerToken } from './access-error.js';
import type { Authorize, Caller } from './call-facts.js';

/** A token that is what it is for ever, and who has it. */
export interface StaticToken extends Omit<Caller, 'principal'> {
  readonly token: string;
  /** Who has it: `user:ada@example.com`. */
  readonly principal: string;
}

/**
 * Tells who calls by one of a few bearer tokens that never change: for test servers, and callers that are trusted to keep
 * them.
 *
 * @param anonymous - what becomes of calls without a token: `allow` leaves them to the steps that follow.
 * @throws TypeError when a token is twice there, or none.
 */
export function staticTokens(
  tokens: readonly StaticToken[],
  { anonymous = 'refuse' }: { readonly anonymous?: Anonymous } = {},
): Authorize {
  const callers = new Map<string, Caller>();
  for (const { token, ...caller } of tokens) {
    if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token) || caller.principal === '')
      throw new TypeError(
        'a static token is malformed: use letters, digits and -._~+/, and name a principal',
      );
    if (callers.has(digest(token)))
      throw new TypeError(`the token of ${caller.principal} is another one's too: give each its own`);
    callers.set(digest(token), caller);
  }
  const authenticate: Authorize = ({ headers }) => {
    const token = bearerToken(headers, anonymous);
    if (token === undefined) return undefined;
    const caller = callers.get(digest(token));
    if (!caller) throw badToken('ACCESS_TOKEN_INVALID', 'token is not known: use another one');
    return { caller };
  };
  return Object.assign(authenticate, { beforeMessage: 'decides' as const });
}

/** Looked up by it, how long a look takes tells nothing of the tokens that there are. */
function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
