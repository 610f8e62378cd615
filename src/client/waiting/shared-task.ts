import { abortable, onAbort } from '../../core/signals.js';

interface Run<Result> {
  readonly promise: Promise<Result>;
  readonly controller: AbortController;
  users: number;
}

/** Task that runs once for any number of callers, until the last one stops waiting. */
export class SharedTask<Result> {
  readonly #start: (signal: AbortSignal) => Promise<Result>;
  readonly #closed: AbortSignal | undefined;
  #current: Run<Result> | undefined;

  /**
   * @param start - starts the task; its signal aborts when no caller waits any more.
   * @param closed - aborts the task, with its reason, for all callers.
   */
  constructor(start: (signal: AbortSignal) => Promise<Result>, closed: AbortSignal | undefined) {
    this.#start = start;
    this.#closed = closed;
  }

  /** Settles like the task, or rejects with `signal.reason` at once on abort. The task then continues for others. */
  async join(signal: AbortSignal): Promise<Result> {
    signal.throwIfAborted();
    const run = this.#current ?? this.#begin();
    run.users++;
    try {
      return await abortable(run.promise, signal);
    } finally {
      run.users--;
      if (run.users === 0) this.#end(run);
    }
  }

  #begin(): Run<Result> {
    const controller = new AbortController();
    const stopListening = onAbort(this.#closed, (reason) => controller.abort(reason));
    const promise = this.#start(controller.signal).finally(() => {
      stopListening();
      // Callers after the end start a new run, even before all others have been notified.
      if (this.#current === run) this.#current = undefined;
    });
    // After all callers have left, nobody handles the rejection.
    promise.catch(() => {});
    const run = { promise, controller, users: 0 };
    this.#current = run;
    return run;
  }

  #end(run: Run<Result>): void {
    // The aborted run must not be joined, though it may take a moment to end.
    if (this.#current === run) this.#current = undefined;
    run.controller.abort();
  }
}
