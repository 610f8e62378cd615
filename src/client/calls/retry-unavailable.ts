import { Backoff, type BackoffPolicy } from '../../core/backoff.js';
import { type Clock, systemClock } from '../../core/clock.js';
import { sleep } from '../../core/signals.js';
import { Code, StatusError } from '../../core/status.js';

/** Attempts per call. Like the backoff, as in the service config of the kit's own channels. */
const MAX_ATTEMPTS = 5;
const BACKOFF: BackoffPolicy = { initialMs: 500, multiplier: 2, maxMs: 10_000 };

/** Limits of a retried call. */
export interface RetryLimits {
  /** Milliseconds since 1970, or Infinity. */
  readonly deadline: number;
  /** Ends the retries when it aborts. */
  readonly signal: AbortSignal | undefined;
  /** Source of time. @defaultValue the system clock */
  readonly clock?: Clock;
}

/**
 * Makes a call up to five times while the server is UNAVAILABLE. It is for channels of google-gax, whose service
 * config cannot be set. Each attempt receives the remaining time.
 *
 * @throws the error of the last attempt; `signal.reason` on abort.
 */
export async function retryUnavailable<Response>(
  { deadline, signal, clock = systemClock }: RetryLimits,
  attempt: (timeoutMs: number) => Promise<Response>,
): Promise<Response> {
  const backoff = new Backoff(BACKOFF, Math.random);
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt(Math.max(0, deadline - clock.now()));
    } catch (thrown) {
      signal?.throwIfAborted();
      const pauseMs = backoff.next();
      const hopeless = attempts === MAX_ATTEMPTS || clock.now() + pauseMs >= deadline;
      if (hopeless || StatusError.from(thrown).code !== Code.UNAVAILABLE) throw thrown;
      await sleep(pauseMs, signal, clock);
    }
  }
}
