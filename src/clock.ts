import { LONGEST_TIMER_MS } from './deadline.js';

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
