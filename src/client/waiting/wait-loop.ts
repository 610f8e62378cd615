import type { Operation } from '../../../generated/google/longrunning/operations.js';
import { Backoff } from '../../core/backoff.js';
import type { Clock } from '../../core/clock.js';
import { assertPositive } from '../../core/options.js';
import { sleep } from '../../core/signals.js';
import { Code, StatusError } from '../../core/status.js';
import { isConnectionFailure } from '../calls/call-error.js';
import type { OperationFetcher } from './fetcher.js';
import { POLL_BACKOFF, type RetryPredicate, retryAfterMs, verdictOn } from './retry.js';
import { Trial, type WaitSupport } from './wait-support.js';

/** Requests of a wait. */
export interface Pace {
  /** First request: a long poll, or the current state. */
  readonly first: 'long-poll' | 'state';
  /** Longest duration of a long poll, in milliseconds. */
  readonly longPollMs: number;
  /** Longest pause between two requests if the server does not hold them. */
  readonly maxPauseMs: number;
}

/** Duration below one minute, after which proxies commonly cut calls. The kit's own server holds calls as long. */
const LONG_POLL_MS = 50_000;

/** Pace of a wait that needs only the end. */
export const UNTIL_DONE: Pace = {
  first: 'long-poll',
  longPollMs: LONG_POLL_MS,
  maxPauseMs: POLL_BACKOFF.maxMs,
};

/**
 * Pace of a wait that needs the current state first, then each change within `intervalMs`.
 *
 * @throws TypeError unless `intervalMs` is positive.
 */
export function everyChange(intervalMs: number): Pace {
  assertPositive('intervalMs', intervalMs);
  return {
    first: 'state',
    longPollMs: Math.min(intervalMs, LONG_POLL_MS),
    maxPauseMs: Math.min(intervalMs, POLL_BACKOFF.maxMs),
  };
}

/**
 * Shortest duration, and part of the requested one, after which a WaitOperation counts as held by the server, so that
 * the next one follows at once.
 */
const HELD_MS = 500;
const HELD_PART = 0.9;

/** Duration after which a failed request restarts the backoff, because the server was available meanwhile. */
const LASTED_MS = 1000;

/** Factor between the durations of two failures in a row up to which a proxy is assumed to cut long polls. */
const SIMILAR = 2.5;

/** Shortest duration at which a connection-level failure counts as a cut by a proxy. */
const SHORTEST_CUT_MS = 125;

/** Shortest interval between long polls that are shortened because a proxy cuts longer ones. */
const SHORTEST_CYCLE_MS = 500;

/** Number of attempts that the backoff skips for waits without a slot, so that they begin with about one second. */
const CROWD_ATTEMPT = 4;

/** Dependencies that all waits of a client share. */
export interface WaitContext {
  readonly fetcher: OperationFetcher;
  readonly support: WaitSupport;
  readonly clock: Clock;
  /** Source of jitter: returns a number from 0 up to 1. */
  readonly random: () => number;
}

/** Parameters of one wait. */
export interface WaitTerms {
  readonly pace: Pace;
  readonly retry: RetryPredicate | undefined;
  readonly signal: AbortSignal;
  /** Receives the error of each request that is retried. */
  readonly onError: (error: StatusError) => void;
}

type Method = 'WaitOperation' | 'GetOperation';

/** Result of a WaitOperation that GetOperation follows. */
type Unconfirmed =
  /** A transient failure. */
  | { readonly kind: 'failed' }
  /** An error that refuses the operation, or only WaitOperation (contract 47). */
  | { readonly kind: 'refused'; readonly error: StatusError }
  /** An end without a result (contract 47). */
  | { readonly kind: 'end'; readonly operation: Operation };

/** Result of a request. WaitOperation has neither operation nor error if it was not called. */
interface Result {
  readonly operation?: Operation | undefined;
  readonly error?: StatusError;
  readonly tookMs: number;
}

/**
 * Wait for one operation: long polls by WaitOperation while they work, else polls by GetOperation with backoff.
 * GetOperation follows a WaitOperation that is refused, or fails twice in a row: its answer shows if the operation, the
 * server or only WaitOperation is the cause.
 */
export class WaitLoop {
  readonly #name: string;
  readonly #options: WaitContext & WaitTerms;
  /** Trials of WaitOperation for this operation alone. */
  readonly #trial = new Trial();
  /** Pauses between requests that the server does not hold. */
  readonly #backoff: Backoff;
  /** Pause before the next request. */
  #pauseMs = 0;
  /** Methods whose previous call failed with an error that is retried once. */
  readonly #doubtful = new Set<Method>();
  /** True if the previous long poll failed. */
  #failed = false;
  /** True if the previous poll failed. */
  #outage = false;
  /** Duration of the previous long poll, if it failed before its time. */
  #cutMs: number | undefined;

  constructor(name: string, options: WaitContext & WaitTerms) {
    this.#name = name;
    this.#options = options;
    this.#backoff = new Backoff({ ...POLL_BACKOFF, maxMs: options.pace.maxPauseMs }, options.random);
  }

  /**
   * Yields the state of the operation after each request, until it is done.
   *
   * @throws StatusError that ends the wait; `signal.reason` on abort, at once.
   */
  async *states(): AsyncGenerator<Operation, void> {
    let state = this.#options.pace.first === 'state' ? await this.#get({ kind: 'failed' }) : undefined;
    while (!state?.done) {
      if (state) yield state;
      state = await this.#longPollOrGet();
    }
    yield state;
  }

  /** Resolves to the state, or to undefined if it must be asked for again. */
  async #longPollOrGet(): Promise<Operation | undefined> {
    const { pace, support, fetcher, clock, signal } = this.#options;
    await this.#pause();
    const now = clock.now();
    if (!this.#trial.open(now) || !support.usable(now)) return this.#get();
    const waitMs = Math.min(pace.longPollMs, support.longPollMs(now));
    const { operation, error, tookMs } = await this.#request('WaitOperation', () =>
      support.ask(() => fetcher.wait(this.#name, waitMs, signal), signal),
    );
    if (error) {
      const unconfirmed = this.#afterFailure(error, waitMs, tookMs);
      return unconfirmed && this.#get(unconfirmed);
    }
    if (!operation) {
      if (support.usable(clock.now())) this.#backoff.skipTo(CROWD_ATTEMPT);
      return this.#get();
    }
    this.#failed = false;
    this.#trial.succeed();
    if (operation.done) return hasResult(operation) ? operation : this.#get({ kind: 'end', operation });
    if (tookMs < Math.min(HELD_MS, HELD_PART * waitMs)) {
      this.#pauseMs = this.#backoff.next() - tookMs;
      return operation;
    }
    this.#backoff.reset();
    this.#cutMs = undefined;
    if (waitMs < pace.longPollMs) this.#pauseMs = SHORTEST_CYCLE_MS - tookMs;
    return operation;
  }

  /** Returns the failure if GetOperation is to confirm it; WaitOperation is first called again. */
  #afterFailure(error: StatusError, waitMs: number, tookMs: number): Unconfirmed | undefined {
    if (error.code === Code.UNIMPLEMENTED || !this.#mayRetry('WaitOperation', error))
      return { kind: 'refused', error };
    const shortestMs = isConnectionFailure(error) ? SHORTEST_CUT_MS : LASTED_MS;
    this.#noteCut(tookMs >= shortestMs && tookMs < waitMs ? tookMs : undefined);
    if (tookMs >= LASTED_MS) this.#backoff.reset();
    this.#retryAfter(error);
    const isFirst = !this.#failed;
    this.#failed = true;
    return isFirst ? undefined : { kind: 'failed' };
  }

  /** Polls until GetOperation answers. Resolves to undefined if WaitOperation is to be called first. */
  async #get(unconfirmed?: Unconfirmed): Promise<Operation | undefined> {
    const { fetcher, signal } = this.#options;
    for (;;) {
      await this.#pause();
      const { operation, error, tookMs } = await this.#request('GetOperation', () =>
        fetcher.get(this.#name, signal),
      );
      if (operation) {
        // A server that is back is asked soon, even after a long outage.
        if (this.#outage) this.#backoff.reset();
        this.#outage = false;
        this.#afterPoll(unconfirmed, tookMs);
        return operation;
      }
      if (error && !this.#mayRetry('GetOperation', error)) return withoutGet(error, unconfirmed);
      if (error) this.#retryAfter(error);
      this.#outage = true;
      // The server is the cause. Each method gets its turn, because one of them may work first.
      if (unconfirmed?.kind === 'failed') return undefined;
    }
  }

  #afterPoll(unconfirmed: Unconfirmed | undefined, tookMs: number): void {
    // WaitOperation follows at once.
    if (unconfirmed?.kind === 'failed') return;
    // Some servers end calls with CANCELLED when they shut down.
    if (unconfirmed?.kind === 'refused' && unconfirmed.error.code !== Code.CANCELLED) {
      this.#trial.fail(this.#options.clock.now());
    }
    this.#pauseMs = this.#backoff.next() - tookMs;
  }

  async #request(method: Method, call: () => Promise<Operation | undefined>): Promise<Result> {
    const { clock, signal } = this.#options;
    const startedAt = clock.now();
    // Setting the clock back must not cause a long pause.
    const tookMs = () => Math.max(0, clock.now() - startedAt);
    try {
      const operation = await call();
      if (operation) this.#doubtful.delete(method);
      return { operation, tookMs: tookMs() };
    } catch (thrown) {
      signal.throwIfAborted();
      return { error: StatusError.from(thrown), tookMs: tookMs() };
    }
  }

  async #pause(): Promise<void> {
    const { signal, clock } = this.#options;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = 0;
    if (pauseMs > 0) await sleep(pauseMs, signal, clock);
  }

  #retryAfter(error: StatusError): void {
    this.#pauseMs = Math.max(this.#backoff.next(), retryAfterMs(error));
    this.#options.onError(error);
  }

  #noteCut(cutMs: number | undefined): void {
    const { support, clock } = this.#options;
    const previousMs = this.#cutMs;
    this.#cutMs = cutMs;
    if (cutMs === undefined || previousMs === undefined) return;
    const shorterMs = Math.min(cutMs, previousMs);
    if (Math.max(cutMs, previousMs) <= SIMILAR * shorterMs) support.cut(shorterMs, clock.now());
  }

  #mayRetry(method: Method, error: StatusError): boolean {
    switch (verdictOn(error, this.#options.retry)) {
      case 'retry':
        this.#doubtful.delete(method);
        return true;
      case 'retry-once': {
        const isFirst = !this.#doubtful.has(method);
        this.#doubtful.add(method);
        return isFirst;
      }
      case 'give-up':
        return false;
    }
  }
}

/** Concludes from WaitOperation if the server has no GetOperation. @throws StatusError that ends the wait. */
function withoutGet(error: StatusError, unconfirmed: Unconfirmed | undefined): Operation | undefined {
  if (error.code !== Code.UNIMPLEMENTED || !unconfirmed) throw error;
  switch (unconfirmed.kind) {
    case 'failed':
      return undefined;
    case 'refused':
      throw unconfirmed.error;
    case 'end':
      return unconfirmed.operation;
  }
}

/** Returns false for an end without error and typed response, which some servers report for running operations. */
function hasResult({ result }: Operation): boolean {
  return result?.$case === 'error' || (result?.$case === 'response' && result.value.typeUrl !== '');
}
