/** Source of time and timers, replaceable in tests. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Calls `callback` once, after at least `delayMs`. Returns a function that cancels the timer. */
  setTimer(
    callback: () => void,
    delayMs: number,
    options?: {
      /** Set for housekeeping: the timer does not keep the process alive. @defaultValue false */
      readonly background?: boolean | undefined;
    },
  ): () => void;
}

/** Options of a timer. */
export type TimerOptions = NonNullable<Parameters<Clock['setTimer']>[2]>;

/** System time and the timers of Node. */
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

/**
 * Clock whose `now` is monotonic and counts from an arbitrary moment. Use it for durations, not for times.
 */
export const monotonicClock: Clock = { ...systemClock, now: () => performance.now() };

/**
 * Longest delay of a timer in Node, and of a deadline in grpc-js. Beyond it, `setTimeout` fires immediately.
 */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Checks a timeout.
 *
 * @throws TypeError if `timeoutMs` is negative or not a number.
 */
export function assertTimeout(timeoutMs: number | undefined): void {
  if (timeoutMs === undefined || timeoutMs >= 0) return;
  throw new TypeError(`timeoutMs is ${timeoutMs}: give milliseconds, 0 or more, or leave it out`);
}

/** Returns the deadline of a call that starts now: milliseconds since 1970, or Infinity. */
export function deadlineAfter(timeoutMs: number): number {
  return timeoutMs > LONGEST_TIMER_MS ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
}

/** Returns the milliseconds left until a deadline, 0 once it has passed, or undefined if there is none. */
export function timeLeftMs(deadline: number): number | undefined {
  return Number.isFinite(deadline) ? Math.max(0, deadline - Date.now()) : undefined;
}
