import { createHash } from 'node:crypto';
import type { Caller } from './call-facts.js';

/** Length that makes collisions between principals practically impossible. */
const SCOPE_LENGTH = 22;
const SCOPED = /^[\w-]{22}:/;

/**
 * Returns a request id (AIP-155) as it is stored: no other principal can use it or find out that it was used.
 *
 * @param requestId - as given by the caller.
 */
export function scopedRequestId(requestId: string, { principal }: Caller): string {
  // An anonymous request id in the form of a scoped one must not match it.
  if (principal === undefined && !SCOPED.test(requestId)) return requestId;
  return `${scopeOf(principal ?? '')}:${requestId}`;
}

/** Returns a stored request id as its caller gave it. */
export function givenRequestId(stored: string, { principal }: Caller): string {
  return principal === undefined && !SCOPED.test(stored) ? stored : stored.slice(SCOPE_LENGTH + 1);
}

function scopeOf(principal: string): string {
  return createHash('sha256').update(principal).digest('base64url').slice(0, SCOPE_LENGTH);
}
