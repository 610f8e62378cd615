import type { Clock } from '../clock.js';

/** Resolves true when the promise settles, or false after so long without it. */
export function atMost(timeoutMs: number, promise: Promise<unknown>, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const stopTimer = clock.setTimer(() => resolve(false), timeoutMs);
    const settled = () => {
      stopTimer();
      resolve(true);
    };
    promise.then(settled, settled);
  });
}
