import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, TimerOptions } from '../../core/clock.js';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until a test moves it: the `clock` of `createOperations`, of a client, of a faked
 * service.
 *
 * @example
 * ```ts
 * import { manualClock } from 'longrunning/testing';
 *
 * const clock = manualClock();
 * const operations = createOperations({ clock, methods: [exportReport], retentionMs: 60_000 });
 * await clock.advance(60_000); // what had ended is gone
 * ```
 */
export interface ManualClock extends Clock {
  /** Moves on by `ms`, firing what falls due on the way in order, each with its consequences settled. */
  advance(ms: number): Promise<void>;
  /** How many timers are set, but for housekeeping. */
  readonly armed: number;
  /** How long until the first of those goes. */
  readonly untilNextMs: number;
  /** Resolves as soon as `count` timers are set: something waits, so time may pass. */
  whenArmed(count: number): Promise<void>;
}

/** The moment that every manual clock begins at. */
export const MANUAL_CLOCK_START = Date.UTC(2030, 0, 1);

/** Makes a clock that stands at {@link MANUAL_CLOCK_START}. */
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

/** Lets everything run that is ready to, promises and callbacks, in this process. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await nextTurn();
}

/** Lets the clock go from timer to timer until `promise` settles; tells how long each pause was, in whole milliseconds. */
export async function pausesUntil(promise: Promise<unknown>, clock: ManualClock): Promise<number[]> {
  const pauses: number[] = [];
  const ended = promise.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([ended, clock.whenArmed(1).then(() => false)]))) {
    // Whatever can still happen at this moment happens before time goes on.
    await settled();
    if (clock.armed === 0) continue;
    pauses.push(Math.round(clock.untilNextMs));
    await clock.advance(clock.untilNextMs);
  }
  return pauses;
}
