import { Backoff, type BackoffPolicy } from '../../core/backoff.js';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import { sleep } from '../../core/signals.js';
import { Code, StatusError } from '../../core/status.js';
import type { OperationRecord, OperationStore } from '../../stores/contract/operation-store.js';
import type { LifecycleEvent } from './lifecycle.js';
import type { Committed, Transitions } from './transitions.js';

const BACKOFF: BackoffPolicy = { initialMs: 100, multiplier: 2, maxMs: 5000 };

/** Dependencies of a recorder. */
export interface RecorderOptions {
  readonly store: OperationStore;
  readonly transitions: Transitions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Records the progress and end of one operation's work, with retries for as long as its store is unavailable: hours of
 * work must not be lost because a database restarts in the last second. If another worker takes over in the meantime, the
 * attempt number of the event prevents a late write.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #stopped = new AbortController();
  /** Set after the first retry: an earlier write may have succeeded although its answer was lost. */
  hasRetried = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Commits as {@link Transitions.commit} does, with retries while the store is UNAVAILABLE and until {@link stop}. */
  commit(
    name: string,
    eventFor: (record: OperationRecord) => LifecycleEvent,
    known: OperationRecord,
  ): Promise<Committed | undefined> {
    return this.#retry(() => this.#options.transitions.commit(name, eventFor, known), isUnavailable);
  }

  /** Commits an event that must not get lost, with retries after any error until {@link stop}. */
  commitEventually(name: string, event: LifecycleEvent): Promise<Committed | undefined> {
    return this.#retry(() => this.#options.transitions.commit(name, () => event), isAny);
  }

  /** Reads the record with the same retries, because missed changes are not reported again. */
  read(name: string): Promise<OperationRecord | undefined> {
    return this.#retry(() => this.#options.store.get(name), isUnavailable);
  }

  /** Ends the retries: pending commits and reads fail with the next error of the store. */
  stop(): void {
    this.#stopped.abort(new StatusError(Code.UNAVAILABLE, 'server stopped before its store was available'));
  }

  async #retry<Result>(
    call: () => Promise<Result>,
    isTransient: (error: unknown) => boolean,
  ): Promise<Result> {
    const { clock, logger } = this.#options;
    const backoff = new Backoff(BACKOFF);
    for (;;) {
      let pauseMs: number;
      try {
        return await call();
      } catch (error) {
        if (!isTransient(error) || this.#stopped.signal.aborted) throw error;
        pauseMs = backoff.next();
        const fault = isUnavailable(error) ? 'store is not available' : 'store failed';
        logger.error({ err: error, pauseMs }, `${fault}: trying again`);
      }
      this.hasRetried = true;
      await sleep(pauseMs, this.#stopped.signal, clock);
    }
  }
}

/** Returns true if a later retry may succeed. */
export function isUnavailable(error: unknown): boolean {
  return StatusError.from(error).code === Code.UNAVAILABLE;
}

function isAny(): boolean {
  return true;
}
