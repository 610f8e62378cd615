import type { Operation } from '../../../generated/google/longrunning/operations.js';
import { Code, invalidField, type StatusError } from '../../core/status.js';
import { isConnectionFailure } from '../calls/call-error.js';
import { backoffMs, POLL_BACKOFF, type RetryPredicate, retryAfterMs, verdictOn } from './retry.js';
import { Trial, type WaitSupport } from './wait-support.js';

/** Durations of the long polls of a wait; 0 requests the current state. */
export interface Pace {
  readonly firstMs: number;
  readonly thenMs: number;
  /** Longest pause between two requests if the server does not hold them. */
  readonly maxPauseMs: number;
}

/** Duration below one minute, after which proxies commonly cut calls. The kit's own server holds calls as long. */
const LONG_POLL_MS = 50_000;

/** Pace of a wait that needs only the end. */
export const UNTIL_DONE: Pace = {
  firstMs: LONG_POLL_MS,
  thenMs: LONG_POLL_MS,
  maxPauseMs: POLL_BACKOFF.maxMs,
};

/**
 * Pace of a wait that needs the current state first, then each change within `intervalMs`.
 *
 * @throws StatusError INVALID_ARGUMENT unless `intervalMs` is positive.
 */
export function everyChange(intervalMs: number): Pace {
  if (!(intervalMs > 0)) {
    throw invalidField(
      'intervalMs',
      `intervalMs must be positive, got ${intervalMs}: give milliseconds, or leave it out`,
    );
  }
  return {
    firstMs: 0,
    thenMs: Math.min(intervalMs, LONG_POLL_MS),
    maxPauseMs: Math.min(intervalMs, POLL_BACKOFF.maxMs),
  };
}

/** Next request of a wait, or its end. */
export type Step =
  | { readonly kind: 'wait'; readonly delayMs: number; readonly waitMs: number }
  | { readonly kind: 'get'; readonly delayMs: number }
  | { readonly kind: 'end'; readonly operation: Operation }
  | { readonly kind: 'fail'; readonly error: StatusError };

/** Step that makes a request. */
export type RequestStep = Extract<Step, { readonly kind: 'wait' | 'get' }>;

/** Result of a request. `skipped` means that WaitOperation was not called: no slot was free, or it is UNIMPLEMENTED. */
export type WaitEvent =
  | { readonly kind: 'answered'; readonly operation: Operation; readonly tookMs: number }
  | { readonly kind: 'failed'; readonly error: StatusError; readonly tookMs: number }
  | { readonly kind: 'skipped' };

/** Shortest duration after which a WaitOperation counts as held by the server, so that the next one follows at once. */
const HELD_MS = 500;

/** Duration after which a failed request restarts the backoff, because the server was available meanwhile. */
const LASTED_MS = 1000;

/** Factor between the durations of two failures in a row up to which a proxy is assumed to cut long polls. */
const SIMILAR = 2.5;

/** Shortest duration at which a connection-level failure counts as a cut by a proxy. */
const SHORTEST_CUT_MS = 125;

/** Shortest interval between long polls that are shortened because a proxy cuts longer ones. */
const SHORTEST_CYCLE_MS = 500;

/** Number of quick WaitOperation failures in a row after which GetOperation is tried. */
const QUICK_FAILURES = 5;

/** Number of attempts that the backoff skips for waits without a slot, so that they begin with about one second. */
const CROWD_ATTEMPT = 4;

/** Parameters of a {@link WaitPolicy}. */
export interface WaitPolicyOptions {
  readonly pace: Pace;
  readonly support: WaitSupport;
  readonly random: () => number;
  readonly retry: RetryPredicate | undefined;
}

/**
 * Decides the next step of one wait: long-poll by WaitOperation, poll by GetOperation, pause, or give up. It makes no
 * calls and has no timers: it takes the result of a request and the time, and returns the next step.
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
  /** True if the previous request failed with an error that is retried once. */
  #doubtful = false;
  /** Duration of the previous long poll, if it failed before its time. */
  #cutMs: number | undefined;
  /** Error of WaitOperation because of which GetOperation is called. */
  #refusal: StatusError | undefined;
  /** End without a result, reported by WaitOperation and to be confirmed by GetOperation. */
  #unconfirmed: Operation | undefined;
  #lastError: StatusError | undefined;

  constructor(options: WaitPolicyOptions) {
    this.#options = options;
  }

  /** Error of the latest request, if it failed and is retried. */
  get lastError(): StatusError | undefined {
    return this.#lastError;
  }

  /** Returns the first step. */
  begin(now: number): Step {
    return this.#options.pace.firstMs === 0 ? get(0) : this.#ask(0, now);
  }

  /** Returns the step that follows a result of the given step. */
  next(step: RequestStep, event: WaitEvent, now: number): Step {
    switch (event.kind) {
      case 'skipped':
        if (this.#options.support.usable(now)) this.#attempt = Math.max(this.#attempt, CROWD_ATTEMPT);
        return get(0);
      case 'answered':
        // A server that is back is polled soon, even after a long outage.
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
      // Most likely the server has just come back, and WaitOperation works too. One more failure decides.
      this.#attempt = 0;
      this.#quickFailures = QUICK_FAILURES - 1;
    } else if (this.#refusal && this.#refusal.code !== Code.CANCELLED) {
      // Some servers end calls with CANCELLED when they shut down.
      this.#usable.fail(now);
    }
    this.#refusal = undefined;
    this.#unconfirmed = undefined;
    // The current state was requested first; the first long poll follows.
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
      // GetOperation fails too, so WaitOperation is not the cause.
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
    // A server without GetOperation: the answer of WaitOperation must do.
    if (error.code === Code.UNIMPLEMENTED && this.#unconfirmed) {
      return { kind: 'end', operation: this.#unconfirmed };
    }
    if (error.code === Code.UNIMPLEMENTED && this.#refusal) return { kind: 'fail', error: this.#refusal };
    return { kind: 'fail', error };
  }

  #waitFailed(waitMs: number, { error, tookMs }: Failed, now: number): Step {
    // GetOperation shows if the operation or only WaitOperation is refused (contract 47).
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

/** Returns false for an end without error and typed response, which some servers report for running operations. */
function hasResult({ result }: Operation): boolean {
  return result?.$case === 'error' || (result?.$case === 'response' && result.value.typeUrl !== '');
}
