import type { Clock } from '../clock.js';
import { sleep } from '../signals.js';
import { Code, StatusError } from '../status.js';
import type { OperationRecord } from '../stores/operation-store.js';
import type { LifecycleEvent } from './lifecycle.js';
import type { Logger } from './logger.js';
import type { Committed, Transitions } from './transitions.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/**
 * Records what becomes of one operation's work, however long its store is away: hours of work must not be lost
 * because a database restarts in its last second. Should another worker take over meanwhile, the attempt
 * number of the event keeps what comes late from counting.
 */
export class Recorder {
  readonly #transitions: Transitions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stopped = new AbortController();

  constructor(transitions: Transitions, clock: Clock, logger: Logger) {
    this.#transitions = transitions;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** As {@link Transitions.commit}, again and again while the store is UNAVAILABLE and this is not stopped. */
  async commit(
    name: string,
    eventFor: (record: OperationRecord) => LifecycleEvent,
  ): Promise<Committed | undefined> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await this.#transitions.commit(name, eventFor);
      } catch (error) {
        const { aborted } = this.#stopped.signal;
        if (StatusError.from(error).code !== Code.UNAVAILABLE || aborted) throw error;
        this.#logger.error({ err: error, operation: name, pauseMs }, 'store is not available: trying again');
      }
      await sleep(pauseMs, this.#stopped.signal, this.#clock);
    }
  }

  /** Has what is being recorded fail with the next error of the store. */
  stop(): void {
    this.#stopped.abort(new StatusError(Code.UNAVAILABLE, 'server stopped before its store was available'));
  }
}
