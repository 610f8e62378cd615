import type { Operation } from '../../../generated/google/longrunning/operations.js';
import { Code, invalidField, type StatusError } from '../../core/status.js';
import { isConnectionFailure } from '../calls/call-error.js';
import { backoffMs, POLL_BACKOFF, type RetryPredicate, retryAfterMs, verdictOn } from './retry.js';
import { Trial, type WaitSupport } from './wait-support.js';

/** Durations that a wait asks for: 0 requests the present state. */
export interface Pace {
  readonly firstMs: number;
  readonly thenMs: number;
  /** Longest pause between two requests when the server does not hold them. */
  readonly maxPauseMs: number;
}

/** Below a minute, after which proxies commonly cut calls; also the longest that the kit's own server holds. */
const LONG_POLL_MS = 50_000;

/** Reports the end at once, and nothing else. */
export const UNTIL_DONE: Pace = {
  firstMs: LONG_POLL_MS,
  thenMs: LONG_POLL_MS,
  maxPauseMs: POLL_BACKOFF.maxMs,
};

/**
 * Reports the present state first, then changes within `intervalMs`.
 *
 * @throws StatusError INVALID_ARGUMENT unless that is positive.
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

/** The next request of a wait, or its end. */
export type Step =
  | { readonly kind: 'wait'; readonly delayMs: number; readonly waitMs: number }
  | { readonly kind: 'get'; readonly delayMs: number }
  | { readonly kind: 'end'; readonly operation: Operation }
  | { readonly kind: 'fail'; readonly error: StatusError };

/** A step that makes a request. */
export type RequestStep = Extract<Step, { readonly kind: 'wait' | 'get' }>;

/** Result of a request. `skipped`: WaitOperation was not called, for lack of a slot or because it is UNIMPLEMENTED. */
export type WaitEvent =
  | { readonly kind: 'answered'; readonly operation: Operation; readonly tookMs: number }
  | { readonly kind: 'failed'; readonly error: StatusError; readonly tookMs: number }
  | { readonly kind: 'skipped' };

/** A server that takes this long over WaitOperation, or as long as asked, held it, and is asked again at once. */
const HELD_MS = 500;

/** A failure after so long restarts the backoff: the server was there, and the next request may well last. */
const LASTED_MS = 1000;

/** Two failures in a row whose durations differ by at most this factor come from a proxy that cuts long polls. */
const SIMILAR = 2.5;

/** Connection-level failures earlier than this say nothing about the duration of long polls. */
const SHORTEST_CUT_MS = 125;

/** Shortest time between two long polls that were shortened because a proxy cuts longer ones. */
const SHORTEST_CYCLE_MS = 500;

/** After so many quick failures in a row of WaitOperation alone, GetOperation is tried. */
const QUICK_FAILURES = 5;

/** Attempts that the backoff of waits without a slot skips: they begin with pauses of about a second. */
const CROWD_ATTEMPT = 4;

/** Parameters of a {@link WaitPolicy}. */
export interface WaitPolicyOptions {
  readonly pace: Pace;
  readonly support: WaitSupport;
  readonly random: () => number;
  readonly retry: RetryPredicate | undefined;
}

/**
 * Decides what one wait does next: long-poll by WaitOperation, poll by GetOperation, pause, or give up. It makes no
 * calls and keeps no timers: each result of a request goes in with the time, and the next step comes out.
 */
export class WaitPolicy {
  readonly #options: WaitPolicyOptions;
  /** Trials of WaitOperation for this operation alone. */
  readonly #usable = new Trial();
  /** Requests in a row that the server did not hold. */
  #attempt = 0;
  /** Quick failures in a row of WaitOperation. */
  #quickFailures = 0;
  /** Times in a row that WaitOperation failed quickly while GetOperation worked. */
  #suspicions = 0;
  /** The previous request failed with an error that is retried once. */
  #doubtful = false;
  /** Duration of the previous long poll, if it failed before its time. */
  #cutMs: number | undefined;
  /** Error of WaitOperation because of which GetOperation is asked. */
  #refusal: StatusError | undefined;
  /** End that WaitOperation reported without a result, for GetOperation to confirm. */
  #unconfirmed: Operation | undefined;
  #lastError: StatusError | undefined;

  constructor(options: WaitPolicyOptions) {
    this.#options = options;
  }

  /** Error of the latest request, if it failed and is made again. */
  get lastError(): StatusError | undefined {
    return this.#lastError;
  }

  /** The first step. */
  begin(now: number): Step {
    return this.#options.pace.firstMs === 0 ? get(0) : this.#ask(0, now);
  }

  /** The step after a request of the given step had the given result. */
  next(step: RequestStep, event: WaitEvent, now: number): Step {
    switch (event.kind) {
      case 'skipped':
        if (this.#options.support.usable(now)) this.#attempt = Math.max(this.#attempt, CROWD_ATTEMPT);
        return get(0);
      case 'answered':
        // The server that is back is asked soon, however long it was away.
        if (this.#refusal && this.#lastError) this.#attempt = 0;
        this.#lastError = undefined;
        this.#doubtful = false;
        return step.kind === 'get' ? this.#got(event, now) : this.#waited(step.waitMs, event, now);
      case 'failed':
        return step.kind === 'get' ? this.#getFailed(event, now) : this.#waitFailed(step.waitMs, event, now);
    }
  }

  #got({ operation, tookMs }: Answered, now: number): Step {
    if (operation.done) return { kind: 'end', operation };
    if (this.#suspicions === 1) {
      // Most likely the server is just back, and WaitOperation works too. One more failure decides.
      this.#attempt = 0;
      this.#quickFailures = QUICK_FAILURES - 1;
    } else if (this.#refusal && this.#refusal.code !== Code.CANCELLED) {
      // Some servers end calls with CANCELLED when they shut down.
      this.#usable.fail(now);
    }
    this.#refusal = undefined;
    this.#unconfirmed = undefined;
    // The present state was requested first; now the waiting begins.
    const begins = this.#options.pace.firstMs === 0 && this.#attempt === 0 && this.#waitUsable(now);
    return this.#ask(begins ? 0 : Math.max(0, this.#backoffMs() - tookMs), now);
  }

  #waited(waitMs: number, { operation, tookMs }: Answered, now: number): Step {
    this.#quickFailures = 0;
    this.#suspicions = 0;
    this.#usable.succeed();
    if (operation.done) {
      if (hasResult(operation)) return { kind: 'end', operation };
      this.#unconfirmed = operation;
      return get(0);
    }
    if (tookMs < Math.min(HELD_MS, waitMs)) return this.#ask(Math.max(0, this.#backoffMs() - tookMs), now);
    this.#attempt = 0;
    this.#cutMs = undefined;
    const shortened = waitMs < this.#options.pace.thenMs;
    return this.#ask(shortened ? Math.max(0, SHORTEST_CYCLE_MS - tookMs) : 0, now);
  }

  #getFailed({ error }: Failed, now: number): Step {
    const again = this.#mayRetry(error);
    if (this.#refusal && verdictOn(this.#refusal, this.#options.retry) === 'retry') {
      // Nothing is answered, so WaitOperation is not to blame.
      if (again || error.code === Code.UNIMPLEMENTED) {
        this.#refusal = undefined;
        this.#suspicions = 0;
        if (again) this.#lastError = error;
        return this.#ask(again ? this.#pauseMs(error) : 0, now);
      }
    }
    this.#lastError = error;
    if (again) {
      const pauseMs = this.#pauseMs(error);
      return this.#refusal || this.#unconfirmed ? get(pauseMs) : this.#ask(pauseMs, now);
    }
    // A server without GetOperation: only WaitOperation has an answer.
    if (error.code === Code.UNIMPLEMENTED && this.#unconfirmed) {
      return { kind: 'end', operation: this.#unconfirmed };
    }
    if (error.code === Code.UNIMPLEMENTED && this.#refusal) return { kind: 'fail', error: this.#refusal };
    return { kind: 'fail', error };
  }

  #waitFailed(waitMs: number, { error, tookMs }: Failed, now: number): Step {
    // GetOperation decides if the operation or only WaitOperation is refused (contract 47).
    if (error.code === Code.UNIMPLEMENTED || !this.#mayRetry(error)) {
      this.#suspicions = 0;
      this.#refusal = error;
      this.#lastError = undefined;
      return get(0);
    }
    this.#lastError = error;
    const shortestMs = isConnectionFailure(error) ? SHORTEST_CUT_MS : LASTED_MS;
    this.#noteCut(tookMs >= shortestMs && tookMs < waitMs ? tookMs : undefined, now);
    if (tookMs >= LASTED_MS) {
      this.#attempt = 0;
      this.#quickFailures = 0;
    } else if (++this.#quickFailures === QUICK_FAILURES) {
      this.#quickFailures = 0;
      this.#suspicions++;
      this.#refusal = error;
      return get(this.#pauseMs(error));
    }
    return this.#ask(this.#pauseMs(error), now);
  }

  #noteCut(cutMs: number | undefined, now: number): void {
    const previousMs = this.#cutMs;
    this.#cutMs = cutMs;
    if (cutMs === undefined || previousMs === undefined) return;
    const shorterMs = Math.min(cutMs, previousMs);
    if (Math.max(cutMs, previousMs) <= SIMILAR * shorterMs) this.#options.support.cut(shorterMs, now);
  }

  #mayRetry(error: StatusError): boolean {
    const verdict = verdictOn(error, this.#options.retry);
    const again = verdict === 'retry' || (verdict === 'retry-once' && !this.#doubtful);
    this.#doubtful = verdict === 'retry-once';
    return again;
  }

  #waitUsable(now: number): boolean {
    return this.#usable.open(now) && this.#options.support.usable(now);
  }

  #ask(delayMs: number, now: number): Step {
    if (!this.#waitUsable(now + delayMs)) return get(delayMs);
    const { pace, support } = this.#options;
    return { kind: 'wait', delayMs, waitMs: Math.min(pace.thenMs, support.longPollMs(now + delayMs)) };
  }

  #pauseMs(error: StatusError): number {
    return Math.max(this.#backoffMs(), retryAfterMs(error));
  }

  #backoffMs(): number {
    const { pace, random } = this.#options;
    return backoffMs(this.#attempt++, random, { ...POLL_BACKOFF, maxMs: pace.maxPauseMs });
  }
}

type Answered = Extract<WaitEvent, { readonly kind: 'answered' }>;
type Failed = Extract<WaitEvent, { readonly kind: 'failed' }>;

function get(delayMs: number): Step {
  return { kind: 'get', delayMs };
}

/** False for an end that some servers report of operations that still run: without error and without typed response. */
function hasResult({ result }: Operation): boolean {
  return result?.$case === 'error' || (result?.$case === 'response' && result.value.typeUrl !== '');
}
