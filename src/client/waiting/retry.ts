import { inspect } from 'node:util';
import { RetryInfo } from '../../../generated/google/rpc/error_details.js';
import { Backoff, type BackoffPolicy } from '../../core/backoff.js';
import type { Clock } from '../../core/clock.js';
import { ignoreRejection, notPromised } from '../../core/contain.js';
import { sleep } from '../../core/signals.js';
import { Code, readableDetail, StatusError } from '../../core/status.js';
import { durationMs } from '../calls/call-deadline.js';
import { HTTP_NOT_FOUND, hasReason } from '../calls/call-error.js';

/** Backoff between polls, used if the server does not hold long polls. */
export const POLL_BACKOFF: BackoffPolicy = { initialMs: 250, multiplier: 1.5, maxMs: 30_000 };

/** Decides if a wait continues after an error that would end it. */
export type RetryPredicate = (error: StatusError) => boolean;

/** Longest pause that a server's `RetryInfo` can cause. */
const MAX_RETRY_AFTER_MS = 60_000;

/** Effect of an error on a wait. With `retry-once`, the second such error in a row ends it. */
export type Verdict = 'retry' | 'retry-once' | 'give-up';

/**
 * Classifies an error of a single request by its code (contract 36, 45, 48). The predicate decides about errors that
 * would otherwise end the wait.
 */
export function verdictOn(error: StatusError, predicate: RetryPredicate = () => false): Verdict {
  const retry = (asked: StatusError) => decide(predicate, asked);
  switch (error.code) {
    case Code.UNAVAILABLE:
      // A closed client never gets an answer.
      return hasReason(error, 'CLIENT_CLOSED') ? 'give-up' : 'retry';
    case Code.DEADLINE_EXCEEDED:
      return 'retry';
    case Code.RESOURCE_EXHAUSTED:
      return readableDetail(error, RetryInfo) || retry(error) ? 'retry' : 'give-up';
    case Code.UNIMPLEMENTED:
      return hasReason(error, HTTP_NOT_FOUND) || retry(error) ? 'retry' : 'give-up';
    case Code.INTERNAL:
    case Code.UNKNOWN:
      return retry(error) ? 'retry' : 'retry-once';
  }
  return retry(error) ? 'retry' : 'give-up';
}

/**
 * Calls the predicate.
 *
 * @throws StatusError with code and details of the error, if the predicate throws or returns a promise. A promise would
 * be truthy, and the wait would never end.
 */
function decide(predicate: RetryPredicate, error: StatusError): boolean {
  try {
    return Boolean(notPromised(predicate(error), 'its result'));
  } catch (cause) {
    ignoreRejection(cause);
    const fault = cause instanceof Error ? cause.message : inspect(cause);
    const message = `${error.message} (\`retry\` failed: ${fault}: let it return true or false)`;
    throw new StatusError(error.code, message, error.details, { cause });
  }
}

/** Returns the delay in the server's `google.rpc.RetryInfo`, in milliseconds: at most a minute, and 0 without one. */
export function retryAfterMs(error: StatusError): number {
  const delay = readableDetail(error, RetryInfo)?.retryDelay;
  return delay ? Math.min(MAX_RETRY_AFTER_MS, Math.max(0, durationMs(delay))) : 0;
}

/** Parameters of {@link retryCall}. */
export interface RetryTerms {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly retry: RetryPredicate | undefined;
  /** Receives each error after which the call is made again. */
  readonly onError: (error: StatusError) => void;
}

/**
 * Makes a call, and retries it like a wait until the server answers.
 *
 * @throws StatusError that would also end a wait; `signal.reason` on abort.
 */
export async function retryCall<Answer>(
  call: () => Promise<Answer>,
  { signal, clock, random, retry, onError }: RetryTerms,
): Promise<Answer> {
  const backoff = new Backoff(POLL_BACKOFF, random);
  let previous: Verdict | undefined;
  for (;;) {
    try {
      return await call();
    } catch (thrown) {
      signal.throwIfAborted();
      const error = StatusError.from(thrown);
      const verdict = verdictOn(error, retry);
      if (verdict === 'give-up' || (verdict === 'retry-once' && previous === verdict)) throw error;
      previous = verdict;
      onError(error);
      await sleep(Math.max(backoff.next(), retryAfterMs(error)), signal, clock);
    }
  }
}
