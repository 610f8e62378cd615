/** Growth of the delay from one attempt to the next. */
export interface BackoffPolicy {
  readonly initialMs: number;
  readonly multiplier: number;
  readonly maxMs: number;
}

/** Backoff between two requests for an operation when the server does not hold them until there is news. */
export const POLL_BACKOFF: BackoffPolicy = { initialMs: 250, multiplier: 1.5, maxMs: 30_000 };

/**
 * The delay after attempt number `attempt` (0 is the first), in milliseconds. The jitter takes between half and all
 * of the policy's delay, so that callers that failed together do not come back together.
 *
 * @param random - returns a number from 0 up to 1, as `Math.random` does.
 */
export function backoffMs(attempt: number, random: () => number, policy = POLL_BACKOFF): number {
  const wholeMs = Math.min(policy.maxMs, policy.initialMs * policy.multiplier ** attempt);
  return wholeMs * (0.5 + random() / 2);
}
