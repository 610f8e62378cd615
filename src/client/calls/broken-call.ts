import { timeLeftMs } from '../../core/clock.js';
import { link, sleep } from '../../core/signals.js';
import { Code, StatusError } from '../../core/status.js';
import { callDeadline } from './call-deadline.js';
import { isConnectionFailure } from './call-error.js';

/** Limits of a call that may be repeated. */
export interface RepeatOptions {
  /** Covers all attempts and the pauses between them. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Aborts when the client is closed. */
  readonly closed: AbortSignal;
  /** Jitters the pauses: a number from 0 up to 1. */
  readonly random: () => number;
}

/** Longest pause before each further attempt. Together they leave time to report a failure within two seconds. */
const PAUSES_MS = [250, 750];

/**
 * Makes a call that does no harm twice, and repeats it after a connection-level failure (contract 45), as the service config does
 * after UNAVAILABLE: grpc-js has other codes for most of these failures.
 *
 * @param call - receives the time that is left.
 * @throws StatusError; `signal.reason` on abort.
 */
export async function repeatBroken<Answer>(
  call: (timeoutMs: number) => Promise<Answer>,
  { timeoutMs, signal, closed, random }: RepeatOptions,
): Promise<Answer> {
  const deadline = callDeadline(timeoutMs);
  for (let attempt = 0; ; attempt++) {
    try {
      return await call(timeLeftMs(deadline) ?? Number.POSITIVE_INFINITY);
    } catch (error) {
      const longestMs = PAUSES_MS[attempt];
      if (longestMs === undefined || !isUnseenFailure(error)) throw error;
      const pauseMs = longestMs * (0.5 + random() / 2);
      if (Date.now() + pauseMs >= deadline) throw error;
      const linked = link(signal, closed);
      try {
        await sleep(pauseMs, linked.signal);
      } finally {
        linked[Symbol.dispose]();
      }
    }
  }
}

/** True for a connection-level failure that grpc-js did not repeat itself. */
function isUnseenFailure(error: unknown): boolean {
  if (!(error instanceof StatusError) || !isConnectionFailure(error)) return false;
  return !(error.cause instanceof StatusError && error.cause.code === Code.UNAVAILABLE);
}
