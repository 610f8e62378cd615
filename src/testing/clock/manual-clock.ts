import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, systemClock, type TimerOptions } from '../../core/clock.js';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/**
 * Clock that stands still until a test advances it. Pass it as the `clock` of `createOperations`, a client or a
 * faked service.
 *
 * @example
 * ```ts
 * import { manualClock } from 'longrunning/testing';
 *
 * const clock = manualClock();
 * const operations = createOperations({ clock, methods: [exportReport], retentionMs: 60_000 });
 * await clock.advance(60_000); // ended operations have expired
 * ```
 */
export interface ManualClock extends Clock {
  /**
   * Advances the time by `ms` milliseconds and fires due timers in order. Pending promises settle after each
   * timer.
   */
  advance(ms: number): Promise<void>;
  /** Number of timers, except those for housekeeping. */
  readonly armed: number;
  /** Milliseconds until the first of those timers. */
  readonly untilNextMs: number;
  /** Resolves once at least `count` timers are set. Something is then waiting, so time may pass. */
  whenArmed(count: number): Promise<void>;
}

/** Initial time of every manual clock. */
export const MANUAL_CLOCK_START = Date.UTC(2030, 0, 1);

/** Creates a clock that stands at the beginning of 2030, in UTC. */
export function manualClock(): ManualClock {
  return new Timers();
}

class Timers implements ManualClock {
  readonly #foreground = new Set<Timer>();
  readonly #background = new Set<Timer>();
  readonly #watchers = new Set<() => void>();
  #now = MANUAL_CLOCK_START;

  now(): number {
    return this.#now;
  }

  setTimer(callback: () => void, delayMs: number, options?: TimerOptions): () => void {
    const timer = { due: this.#now + delayMs, callback };
    const timers = options?.background ? this.#background : this.#foreground;
    timers.add(timer);
    for (const watcher of this.#watchers) watcher();
    return () => timers.delete(timer);
  }

  get armed(): number {
    return this.#foreground.size;
  }

  get untilNextMs(): number {
    return Math.min(...Array.from(this.#foreground, ({ due }) => due)) - this.#now;
  }

  whenArmed(count: number): Promise<void> {
    return new Promise((resolve) => {
      const watcher = () => {
        if (this.armed < count) return;
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }

  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#foreground.delete(next);
      this.#background.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
      await settled();
    }
    this.#now = until;
    await settled();
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of [...this.#foreground, ...this.#background]) {
      if (timer.due <= until && timer.due < (next?.due ?? Number.POSITIVE_INFINITY)) next = timer;
    }
    return next;
  }
}

/** Lets all promises and callbacks of this process that are ready run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await nextTurn();
}

/** Advances the clock from timer to timer until `promise` settles. Returns the pauses in whole milliseconds. */
export async function pausesUntil(promise: Promise<unknown>, clock: ManualClock): Promise<number[]> {
  const pauses: number[] = [];
  const ended = promise.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([ended, clock.whenArmed(1).then(() => false)]))) {
    // Everything that can happen at this moment happens before time advances.
    await settled();
    if (clock.armed === 0) continue;
    pauses.push(Math.round(clock.untilNextMs));
    await clock.advance(clock.untilNextMs);
  }
  return pauses;
}

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
