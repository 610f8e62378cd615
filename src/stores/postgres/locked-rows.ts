import { Backoff, type BackoffPolicy } from '../../core/backoff.js';
import type { Clock } from '../../core/clock.js';
import { sleep } from '../../core/signals.js';
import { Code, kitError, quoted, type StatusError } from '../../core/status.js';

/**
 * Longest wait of a transaction for a lock. Other servers hold a row only for a commit. A longer lock delays the
 * write of that row, but not the writes that share its statement.
 */
export const LOCK_TIMEOUT_MS = 100;

const BACKOFF: BackoffPolicy = { initialMs: 10, multiplier: 2, maxMs: 500 };

/** Result of an attempt on a row that another transaction has locked. */
export const LOCKED = Symbol('locked');

/** Limits on the attempts to write a locked row. */
export interface LockRetry {
  /** Time limit for all attempts. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Aborts when the store closes. */
  readonly signal: AbortSignal;
}

/**
 * Repeats an attempt, with backoff, until the row is no longer locked. It holds no connection between attempts.
 *
 * @throws StatusError UNAVAILABLE after `timeoutMs`; the signal's reason if it aborts.
 */
export async function untilUnlocked<Result>(
  attempt: () => Promise<Result | typeof LOCKED>,
  { name, timeoutMs, clock, signal }: LockRetry & { readonly name: string },
): Promise<Result> {
  const giveUpAt = clock.now() + timeoutMs;
  const backoff = new Backoff(BACKOFF);
  for (;;) {
    if (clock.now() >= giveUpAt) throw rowLocked(name, timeoutMs);
    await sleep(backoff.next(), signal, clock);
    const result = await attempt();
    if (result !== LOCKED) return result;
  }
}

function rowLocked(name: string, timeoutMs: number): StatusError {
  const message =
    `operation ${quoted(name)} has been locked by another transaction of the database for ${timeoutMs} ms: ` +
    'end that transaction (see pg_locks and pg_stat_activity), or try again';
  return kitError(Code.UNAVAILABLE, 'OPERATION_LOCKED', message, { metadata: { name }, retryAfterMs: 1000 });
}
