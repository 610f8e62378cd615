import type { Operation } from '../../generated/google/longrunning/operations.js';
import type { Clock } from '../clock.js';
import type { OperationsApi } from '../operations-api.js';
import { sleep } from '../signals.js';
import { Code, StatusError } from '../status.js';
import { backoffMs } from './backoff.js';

/** What a {@link Poller} works with. */
export interface PollerOptions {
  readonly api: OperationsApi;
  readonly clock: Clock;
  /** Jitters the delays: a number from 0 up to 1. */
  readonly random: () => number;
}

/** Is told what comes of each question. */
export interface PollObserver {
  answered(operation: Operation): void;
  /** An error that does not end the asking. */
  troubled(error: StatusError): void;
}

/** What came of a question that may be asked again. */
type Answer =
  | { readonly kind: 'told'; readonly operation: Operation }
  | { readonly kind: 'trouble'; readonly error: StatusError };

/** Below a minute, which is where proxies commonly cut calls off, and the longest that our own server takes. */
const LONG_POLL = { seconds: 50, nanos: 0 };

/**
 * A server that took this long over WaitOperation did wait, and is asked again without a pause. One that answers
 * sooner, which it may, even at once, is asked ever more seldom.
 */
const HELD_MS = 500;

/**
 * Asks for operations until they are done. By WaitOperation; once the server has answered that with
 * UNIMPLEMENTED, by GetOperation every so often, for every operation asked for through this object.
 */
export class Poller {
  readonly #options: PollerOptions;
  #longPolls = true;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the operation is done. UNAVAILABLE and the deadline of a single question do not end it.
   *
   * @throws StatusError any other error of the server; `signal.reason` on abort, at once.
   */
  async untilDone(name: string, signal: AbortSignal, observer: PollObserver): Promise<void> {
    const { clock, random } = this.#options;
    for (let attempt = 0; ; attempt++) {
      const askedAt = clock.now();
      const answer = await this.#ask(name, signal);
      // A clock that was set back must not make for a long pause.
      const tookMs = Math.max(0, clock.now() - askedAt);
      if (this.#longPolls && tookMs >= HELD_MS) attempt = 0;
      let pauseMs = backoffMs(attempt, random);
      switch (answer.kind) {
        case 'told':
          observer.answered(answer.operation);
          if (answer.operation.done) return;
          pauseMs -= tookMs;
          break;
        case 'trouble':
          observer.troubled(answer.error);
          break;
      }
      if (pauseMs > 0) await sleep(pauseMs, signal, clock);
    }
  }

  async #ask(name: string, signal: AbortSignal): Promise<Answer> {
    try {
      return { kind: 'told', operation: await this.#question(name, signal) };
    } catch (thrown) {
      signal.throwIfAborted();
      const error = StatusError.from(thrown);
      // Nobody but us set the deadline of a question; that it passed says nothing of the operation.
      if (error.code !== Code.UNAVAILABLE && error.code !== Code.DEADLINE_EXCEEDED) throw error;
      return { kind: 'trouble', error };
    }
  }

  async #question(name: string, signal: AbortSignal): Promise<Operation> {
    const { api } = this.#options;
    if (!this.#longPolls) return api.getOperation({ name }, { signal });
    try {
      return await api.waitOperation({ name, timeout: LONG_POLL }, { signal });
    } catch (thrown) {
      if (StatusError.from(thrown).code !== Code.UNIMPLEMENTED) throw thrown;
      this.#longPolls = false;
      return api.getOperation({ name }, { signal });
    }
  }
}
