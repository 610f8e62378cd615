/** How delays grow from one attempt to the next. */
export interface BackoffPolicy {
  readonly initialMs: number;
  readonly multiplier: number;
  readonly maxMs: number;
}

/** How often to ask for an operation when the server does not hold the question until there is news. */
export const POLL_BACKOFF: BackoffPolicy = { initialMs: 250, multiplier: 1.5, maxMs: 30_000 };

/**
 * The delay after attempt number `attempt` (0 is the first), in milliseconds: between half and the whole of
 * what the policy says, so that those who failed together do not come back together.
 *
 * @param random - gives a number from 0 up to 1, as `Math.random` does.
 */
export function backoffMs(attempt: number, random: () => number, policy = POLL_BACKOFF): number {
  const wholeMs = Math.min(policy.maxMs, policy.initialMs * policy.multiplier ** attempt);
  return wholeMs * (0.5 + random() / 2);
}

/** A question that was answered, as far as it matters for when to ask again. */
export interface Asked {
  /**
   * `held`: the server did wait before it answered; `early`: it answered at once, or cannot wait; `unanswered`: it
   * failed, however long that took.
   */
  readonly outcome: 'held' | 'early' | 'unanswered';
  /** How many questions in a row before this one were not held. */
  readonly attempt: number;
  readonly tookMs: number;
  /** No pause is longer, unless the server asks for it. */
  readonly maxMs: number;
  /** Before when the server does not want to be asked again. */
  readonly retryAfterMs: number;
}

/** How long to pause before asking again, in milliseconds; `random` as for {@link backoffMs}. */
export function pauseMs(
  { outcome, attempt, tookMs, maxMs, retryAfterMs }: Asked,
  random: () => number,
): number {
  const backoff = backoffMs(attempt, random, { ...POLL_BACKOFF, maxMs });
  switch (outcome) {
    case 'held':
      return 0;
    case 'early':
      return Math.max(0, backoff - tookMs);
    case 'unanswered':
      return Math.max(backoff, retryAfterMs);
  }
}
