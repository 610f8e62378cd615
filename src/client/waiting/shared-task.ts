import { abortable, onAbort } from '../../core/signals.js';

interface Run<Result> {
  readonly promise: Promise<Result>;
  readonly controller: AbortController;
  users: number;
}

/** A task that runs as long as somebody waits for it: once, however many do. */
export class SharedTask<Result> {
  readonly #start: (signal: AbortSignal) => Promise<Result>;
  readonly #closed: AbortSignal | undefined;
  #current: Run<Result> | undefined;

  /**
   * @param start - begins the task; its signal aborts when nobody waits any more.
   * @param closed - ends it, with its reason, whoever waits.
   */
  constructor(start: (signal: AbortSignal) => Promise<Result>, closed: AbortSignal | undefined) {
    this.#start = start;
    this.#closed = closed;
  }

  /** Settles as the task does, or rejects with `signal.reason` at once; then the task goes on for the others. */
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
      // Whoever comes after the end begins anew, also while the others are still being told of it.
      if (this.#current === run) this.#current = undefined;
    });
    // When everybody has left, nobody is there to handle its rejection.
    promise.catch(() => {});
    const run = { promise, controller, users: 0 };
    this.#current = run;
    return run;
  }

  #end(run: Run<Result>): void {
    // Not to be joined any more, though it may take a moment to notice.
    if (this.#current === run) this.#current = undefined;
    run.controller.abort();
  }
}
