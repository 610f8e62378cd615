import type { Duration } from '../../../generated/google/protobuf/duration.js';
import { assertTimeout, deadlineAfter } from '../../core/clock.js';

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Returns the deadline of a call that begins now, in milliseconds since 1970, or Infinity.
 *
 * @throws TypeError if `timeoutMs` is negative or not a number.
 */
export function callDeadline(timeoutMs = DEFAULT_TIMEOUT_MS): number {
  assertTimeout(timeoutMs);
  return deadlineAfter(timeoutMs);
}

/**
 * Returns the time limit of a WaitOperation call, in milliseconds: 10 s longer than the server waits. Undefined selects
 * the default of other calls.
 */
export function waitTimeoutMs(timeout: Duration | undefined): number | undefined {
  if (!timeout) return undefined;
  // The server rejects a negative timeout.
  return DEFAULT_TIMEOUT_MS + Math.max(0, durationMs(timeout));
}

/** Converts a `google.protobuf.Duration` to milliseconds. */
export function durationMs({ seconds, nanos }: Duration): number {
  return seconds * 1000 + nanos / 1e6;
}

/** Converts finite milliseconds to a `google.protobuf.Duration`. */
export function durationOf(ms: number): Duration {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.floor((ms - seconds * 1000) * 1e6) };
}
