import type { Duration } from '../../../generated/google/protobuf/duration.js';
import { assertTimeout, deadlineAfter } from '../../core/clock.js';

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Deadline of a call that begins now, in milliseconds since 1970, or Infinity.
 *
 * @throws StatusError INVALID_ARGUMENT when `timeoutMs` is negative or no number.
 */
export function callDeadline(timeoutMs = DEFAULT_TIMEOUT_MS): number {
  assertTimeout(timeoutMs);
  return deadlineAfter(timeoutMs);
}

/** Time limit of a WaitOperation call by how long the server is to wait; undefined: that of any other call. */
export function waitTimeoutMs(timeout: Duration | undefined): number | undefined {
  if (!timeout) return undefined;
  // A negative timeout is for the server to refuse.
  return DEFAULT_TIMEOUT_MS + Math.max(0, durationMs(timeout));
}

/** A `google.protobuf.Duration` in milliseconds. */
export function durationMs({ seconds, nanos }: Duration): number {
  return seconds * 1000 + nanos / 1e6;
}

/** So many milliseconds, which must be finite, as a `google.protobuf.Duration`. */
export function durationOf(ms: number): Duration {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.floor((ms - seconds * 1000) * 1e6) };
}
