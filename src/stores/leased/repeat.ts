import type { Clock } from '../../core/clock.js';

/** Runs a task at an interval, never concurrently, until it is stopped. */
export class Repeat {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #task: () => Promise<void>;
  #stopTimer = () => {};
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(clock: Clock, intervalMs: number, task: () => Promise<void>) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#task = task;
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopTimer();
  }

  /** Resolves once no task is running. */
  ended(): Promise<void> {
    return this.#running;
  }

  #schedule(): void {
    if (this.#isStopped) return;
    const run = () => {
      this.#running = this.#task().finally(() => this.#schedule());
    };
    this.#stopTimer = this.#clock.setTimer(run, this.#intervalMs, { background: true });
  }
}
