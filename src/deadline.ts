import { invalidField } from './status.js';

/** Timers of Node reach no further, `setTimeout` fires at once when asked for more; so do deadlines of grpc-js. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @throws StatusError INVALID_ARGUMENT when `timeoutMs` is negative or no number. */
export function assertTimeout(timeoutMs: number | undefined): void {
  if (timeoutMs === undefined || timeoutMs >= 0) return;
  throw invalidField('timeoutMs', `timeoutMs is ${timeoutMs}: give milliseconds, 0 or more, or leave it out`);
}

/** When what begins now and may take so long has to be over: milliseconds since 1970, or Infinity. */
export function deadlineAfter(timeoutMs: number): number {
  return timeoutMs > LONGEST_TIMER_MS ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
}

/** How many milliseconds are left until a deadline, 0 once it has passed; undefined when there is none. */
export function timeLeftMs(deadline: number): number | undefined {
  return Number.isFinite(deadline) ? Math.max(0, deadline - Date.now()) : undefined;
}
