import { type Clock, systemClock } from '../../core/clock.js';
import { type ManualClock, manualClock } from './manual-clock.js';

/** The time of a test server. */
export interface TestClock extends Clock {
  /**
   * Moves the time on by so many milliseconds: what falls due on the way happens in order.
   *
   * @throws TypeError when the server goes by the machine's time.
   */
  advance(ms: number): Promise<void>;
}

/** Which time a server goes by: the machine's; one that stands still until it is advanced; or one that others have too. */
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
  throw new TypeError(
    'time passes by itself here, nobody can advance it: start the server with { clock: "manual" }',
  );
}
