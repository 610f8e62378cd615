import { type Clock, systemClock } from '../../core/clock.js';
import { type ManualClock, manualClock } from './manual-clock.js';

/** Clock of a test server. */
export interface TestClock extends Clock {
  /**
   * Advances the time by `ms` milliseconds and fires due timers in order.
   *
   * @throws TypeError if the server uses the system clock.
   */
  advance(ms: number): Promise<void>;
}

/** Clock of a server: the system clock, one that stands still until it is advanced, or an existing manual clock. */
export type ClockOption = 'real' | 'manual' | ManualClock;

export function testClock(option: ClockOption): TestClock {
  switch (option) {
    case 'real':
      return { ...systemClock, advance };
    case 'manual':
      return manualClock();
  }
  return option;
}

async function advance(): Promise<void> {
  throw new TypeError('the system clock cannot be advanced: start the server with { clock: "manual" }');
}
