import type { Duration } from '../../../generated/google/protobuf/duration.js';
import { assertTimeout, deadlineAfter } from '../../deadline.js';
import { durationMs, durationOf } from './duration.js';

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * When a call that begins now has to be over, in milliseconds since 1970, or Infinity.
 *
 * @throws StatusError INVALID_ARGUMENT when `timeoutMs` is negative or no number.
 */
export function callDeadline(timeoutMs = DEFAULT_TIMEOUT_MS): number {
  assertTimeout(timeoutMs);
  return deadlineAfter(timeoutMs);
}

/** The shorter of what a WaitOperation call asks for, undefined for as long as can be, and of `mostMs`. */
export function shortened(timeout: Duration | undefined, mostMs: number): Duration | undefined {
  if (timeout ? durationMs(timeout) <= mostMs : mostMs === Number.POSITIVE_INFINITY) return timeout;
  return durationOf(mostMs);
}

/** How long a WaitOperation call may take that asks the server to wait so long; undefined: as any other call. */
export function waitTimeoutMs(timeout: Duration | undefined): number | undefined {
  if (!timeout) return undefined;
  // A negative timeout is for the server to refuse.
  return DEFAULT_TIMEOUT_MS + Math.max(0, durationMs(timeout));
}
