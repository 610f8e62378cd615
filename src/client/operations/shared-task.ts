import { abortable } from '../../core/signals.js';

interface Run {
  readonly promise: Promise<void>;
  readonly controller: AbortController;
  callers: number;
}

/** Task that runs once for any number of concurrent callers, until the last one stops waiting. */
export class SharedTask {
  readonly #start: (signal: AbortSignal) => Promise<void>;
  #current: Run | undefined;

  /** @param start - starts the task; its signal aborts when no caller waits any more. */
  constructor(start: (signal: AbortSignal) => Promise<void>) {
    this.#start = start;
  }

  /** Settles like the task, or rejects with `signal.reason` at once on abort. The task then continues for others. */
  async join(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const run = this.#current ?? this.#begin();
    run.callers++;
    try {
      await abortable(run.promise, signal);
    } finally {
      run.callers--;
      if (run.callers === 0) {
        this.#forget(run);
        run.controller.abort();
      }
    }
  }

  #begin(): Run {
    const controller = new AbortController();
    const promise = this.#start(controller.signal).finally(() => this.#forget(run));
    // After all callers have left, nobody handles the rejection.
    promise.catch(() => {});
    const run = { promise, controller, callers: 0 };
    this.#current = run;
    return run;
  }

  /** Lets later callers begin again: a run that has ended or is being aborted must not be joined. */
  #forget(run: Run): void {
    if (this.#current === run) this.#current = undefined;
  }
}
