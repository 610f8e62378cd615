import { RetryInfo } from '../../../generated/google/rpc/error_details.js';
import type { Clock } from '../../clock.js';
import { sleep } from '../../signals.js';
import { Code, readableDetail, StatusError } from '../../status.js';
import { durationMs } from '../calls/duration.js';
import { POLL_BACKOFF, pauseMs } from './backoff.js';

/** Whether an error is not the server's answer: it was not there, or too slow. */
export function isUnanswered({ code }: StatusError): boolean {
  return code === Code.UNAVAILABLE || code === Code.DEADLINE_EXCEEDED;
}

/**
 * The error that came of a question which may be asked again: the server was not there, or the deadline of the
 * question passed, which nobody but us has set, and which says nothing of the operation (contract 36).
 *
 * @throws any other error; `signal.reason` once it has aborted.
 */
export function unansweredError(thrown: unknown, signal: AbortSignal): StatusError {
  signal.throwIfAborted();
  const error = StatusError.from(thrown);
  if (isUnanswered(error)) return error;
  throw error;
}

/** After how many milliseconds the server said that it may be ready again (`google.rpc.RetryInfo`). */
export function retryAfterMs(error: StatusError): number {
  const delay = readableDetail(error, RetryInfo)?.retryDelay;
  return delay ? durationMs(delay) : 0;
}

/** How {@link retryUnanswered} goes on. */
export interface RetryTerms {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  /** Is told each error that did not end it. */
  readonly onError: (error: StatusError) => void;
}

/**
 * Makes a call, and again with the pauses of a wait, until the server has heard it.
 *
 * @throws StatusError what ends a wait too; `signal.reason` on abort.
 */
export async function retryUnanswered<Answer>(
  call: () => Promise<Answer>,
  { signal, clock, random, onError }: RetryTerms,
): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (thrown) {
      const error = unansweredError(thrown, signal);
      onError(error);
      const failed = { outcome: 'unanswered', tookMs: 0, retryAfterMs: retryAfterMs(error) } as const;
      await sleep(pauseMs({ ...failed, attempt, maxMs: POLL_BACKOFF.maxMs }, random), signal, clock);
    }
  }
}
