import { invalidField } from './status.js';

/** Where time comes from, so that a test can say what time it is. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Calls `callback` once, `delayMs` from now at the earliest; the function returned takes that back. */
  setTimer(callback: () => void, delayMs: number, options?: TimerOptions): () => void;
}

/** How a timer is set. */
export interface TimerOptions {
  /** Set for housekeeping: the timer alone does not keep the process from ending. @defaultValue false */
  readonly background?: boolean;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(callback, delayMs, options) {
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number) => {
      const stepMs = Math.min(leftMs, LONGEST_TIMER_MS);
      timer = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : callback()), stepMs);
      if (options?.background) timer.unref();
    };
    arm(delayMs);
    return () => clearTimeout(timer);
  },
};

/** A clock whose `now` counts from an arbitrary moment, and never steps: for durations, not for times. */
export const monotonicClock: Clock = { ...systemClock, now: () => performance.now() };

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
