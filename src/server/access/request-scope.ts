import { createHash } from 'node:crypto';
import type { Caller } from './call-facts.js';

/** Long enough that no two principals have the same. */
const SCOPE_LENGTH = 22;
const SCOPED = /^[\w-]{22}:/;

/**
 * A request id (AIP-155) as it is kept: no other principal can use it, or find out that it was used.
 *
 * @param requestId - as the caller gave it.
 */
export function scopedRequestId(requestId: string, { principal }: Caller): string {
  // One of nobody's that looks as if it were somebody's would be taken for that.
  if (principal === undefined && !SCOPED.test(requestId)) return requestId;
  return `${scopeOf(principal ?? '')}:${requestId}`;
}

/** A request id as its caller gave it. */
export function givenRequestId(kept: string, { principal }: Caller): string {
  return principal === undefined && !SCOPED.test(kept) ? kept : kept.slice(SCOPE_LENGTH + 1);
}

function scopeOf(principal: string): string {
  return createHash('sha256').update(principal).digest('base64url').slice(0, SCOPE_LENGTH);
}
