import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Clock } from '../../clock.js';
import { sleep } from '../../signals.js';
import { invalidField, type StatusError } from '../../status.js';
import { type Asked, POLL_BACKOFF, pauseMs } from './backoff.js';
import type { QuestionOptions, Questions } from './questions.js';
import { retryAfterMs, unansweredError } from './unanswered.js';
import { WaitSupport } from './wait-support.js';

/** What a {@link Poller} works with. */
export interface PollerOptions {
  readonly questions: Questions;
  readonly clock: Clock;
  /** Jitters the delays: a number from 0 up to 1. */
  readonly random: () => number;
}

/** What came of a question that may be asked again. */
export type Answer =
  | { readonly kind: 'told'; readonly operation: Operation }
  /** An error that does not end the asking. */
  | { readonly kind: 'unanswered'; readonly error: StatusError };

/** How long the server may hold each question, 0 asking for the present state, and how long to pause in between. */
export interface Pace {
  readonly firstMs: number;
  readonly thenMs: number;
  /** The longest pause, where the server does not hold questions. */
  readonly maxPauseMs: number;
}

/** Below a minute, which is where proxies commonly cut calls off, and the longest that our own server takes. */
const LONG_POLL_MS = 50_000;

/** For an end to be told at once, and nothing else to be told. */
export const UNTIL_DONE: Pace = {
  firstMs: LONG_POLL_MS,
  thenMs: LONG_POLL_MS,
  maxPauseMs: POLL_BACKOFF.maxMs,
};

/**
 * For the present state first, and then for changes to be told within `intervalMs`.
 *
 * @throws StatusError INVALID_ARGUMENT when that is not above 0.
 */
export function everyChange(intervalMs: number): Pace {
  if (!(intervalMs > 0)) {
    throw invalidField('intervalMs', `intervalMs is ${intervalMs}: give milliseconds, more than 0`);
  }
  return {
    firstMs: 0,
    thenMs: Math.min(intervalMs, LONG_POLL_MS),
    maxPauseMs: Math.min(intervalMs, POLL_BACKOFF.maxMs),
  };
}

/**
 * A server that took this long over WaitOperation, or as long as it was asked to, did wait, and is asked again
 * without a pause. One that answers sooner, which it may, even at once, is asked ever more seldom.
 */
const HELD_MS = 500;

/**
 * Asks for operations until they are done. By WaitOperation; once the server has answered that with
 * UNIMPLEMENTED, by GetOperation every so often, for every operation asked for through this object.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #support: WaitSupport;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#support = new WaitSupport(options.clock);
  }

  /**
   * Tells what comes of each question, until the operation is done. UNAVAILABLE and the deadline of a single
   * question do not end it.
   *
   * @throws StatusError any other error of the server; `signal.reason` on abort, at once.
   */
  async *answers(name: string, pace: Pace, signal: AbortSignal): AsyncGenerator<Answer, void> {
    const { clock, random } = this.#options;
    let attempt = 0;
    let question: QuestionOptions = { priority: 'first', signal };
    for (let waitMs = pace.firstMs; ; waitMs = pace.thenMs) {
      const askedAt = clock.now();
      const answer = await this.#ask(name, waitMs, question);
      question = { priority: 'repeated', signal };
      // A clock that was set back must not make for a long pause.
      const tookMs = Math.max(0, clock.now() - askedAt);
      yield answer;
      if (answer.kind === 'told' && answer.operation.done) return;
      // The present state was asked for once, to be told before the waiting begins.
      if (answer.kind === 'told' && waitMs === 0 && pace.thenMs > 0 && !this.#support.absent) continue;
      const outcome = this.#outcome(answer, tookMs, waitMs);
      const hintMs = answer.kind === 'unanswered' ? retryAfterMs(answer.error) : 0;
      const asked = { outcome, attempt, tookMs, maxMs: pace.maxPauseMs, retryAfterMs: hintMs };
      const delayMs = pauseMs(asked, random);
      if (delayMs > 0) await sleep(delayMs, signal, clock);
      attempt = outcome === 'held' ? 0 : attempt + 1;
    }
  }

  #outcome(answer: Answer, tookMs: number, waitMs: number): Asked['outcome'] {
    if (answer.kind === 'unanswered') return 'unanswered';
    return !this.#support.absent && tookMs >= Math.min(HELD_MS, waitMs) ? 'held' : 'early';
  }

  async #ask(name: string, waitMs: number, question: QuestionOptions): Promise<Answer> {
    const { questions } = this.#options;
    const byGet = () => questions.get(name, question);
    const byWait = (signal: AbortSignal) => questions.wait(name, waitMs, { ...question, signal });
    try {
      const asked = waitMs === 0 ? byGet() : this.#support.ask({ byGet, byWait }, question.signal);
      return { kind: 'told', operation: await asked };
    } catch (thrown) {
      return { kind: 'unanswered', error: unansweredError(thrown, question.signal) };
    }
  }
}
