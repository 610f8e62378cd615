import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import { sleep } from '../../core/signals.js';
import { Code, StatusError } from '../../core/status.js';
import type { OperationRecord, OperationStore } from '../../stores/contract/operation-store.js';
import type { LifecycleEvent } from './lifecycle.js';
import type { Committed, Transitions } from './transitions.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/** What a recorder works with. */
export interface RecorderOptions {
  readonly store: OperationStore;
  readonly transitions: Transitions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Records what becomes of one operation's work, however long its store is away: hours of work must not be lost
 * because a database restarts in its last second. Should another worker take over meanwhile, the attempt
 * number of the event keeps what comes late from counting.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #stopped = new AbortController();
  /** Whether the store was away meanwhile: then a write may have been made of which no answer came. */
  hasRetried = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Commits as {@link Transitions.commit} does, with retries while the store is UNAVAILABLE and this is not stopped. */
  commit(
    name: string,
    eventFor: (record: OperationRecord) => LifecycleEvent,
    known: OperationRecord,
  ): MaybePromise<Committed | undefined> {
    const { store, transitions } = this.#options;
    // Records at hand are never away.
    if (store.sync) return transitions.commit(name, eventFor);
    return this.#insist(() => transitions.commit(name, eventFor, known), isUnavailable);
  }

  /** Commits an event that must not get lost, with retries after any error until this is stopped. */
  commitEventually(name: string, event: LifecycleEvent): Promise<Committed | undefined> {
    return this.#insist(() => this.#options.transitions.commit(name, () => event), isAny);
  }

  /** Reads the record, with the same patience: what was missed is not told again. */
  read(name: string): Promise<OperationRecord | undefined> {
    return this.#insist(() => this.#options.store.get(name), isUnavailable);
  }

  /** Has what is being recorded fail with the next error of the store. */
  stop(): void {
    this.#stopped.abort(new StatusError(Code.UNAVAILABLE, 'server stopped before its store was available'));
  }

  async #insist<Result>(
    call: () => MaybePromise<Result>,
    isTransient: (error: unknown) => boolean,
  ): Promise<Result> {
    const { clock, logger } = this.#options;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await call();
      } catch (error) {
        if (!isTransient(error) || this.#stopped.signal.aborted) throw error;
        const fault = isUnavailable(error) ? 'store is not available' : 'store failed';
        logger.error({ err: error, pauseMs }, `${fault}: trying again`);
      }
      this.hasRetried = true;
      await sleep(pauseMs, this.#stopped.signal, clock);
    }
  }
}

/** Whether the store may be back later. */
export function isUnavailable(error: unknown): boolean {
  return StatusError.from(error).code === Code.UNAVAILABLE;
}

function isAny(): boolean {
  return true;
}
