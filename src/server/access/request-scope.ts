import { createHash } from 'node:crypto';
import type { Caller } from './caller.js';

/** Long enough that no two principals have the same. */
const SCOPE_LENGTH = 22;

/**
 * A request id (AIP-155) as it is kept: no other principal can use it, or find out that it was used.
 *
 * @param requestId - as the caller gave it.
 */
export function scopedRequestId(requestId: string, { principal }: Caller): string {
  if (principal === undefined) return requestId;
  const scope = createHash('sha256').update(principal).digest('base64url').slice(0, SCOPE_LENGTH);
  return `${scope}:${requestId}`;
}

/** A request id as its caller gave it. */
export function givenRequestId(scoped: string, { principal }: Caller): string {
  return principal === undefined ? scoped : scoped.slice(SCOPE_LENGTH + 1);
}
