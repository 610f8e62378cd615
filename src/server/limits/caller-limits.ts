import { createRequire } from 'node:module';
import type { RateLimiterMemory } from 'rate-limiter-flexible';
import { Code, kitError, type StatusError } from '../../core/status.js';

/** Limits per caller: a principal, or the network address of an anonymous caller. By default there are none. */
export interface CallerLimitOptions {
  /** Maximum calls per second, including starts. Further ones are refused until the second is over. @defaultValue no limit */
  readonly ratePerSecond?: number | undefined;
  /**
   * Maximum calls per second from one address that `authorize` refuses. Further calls from there are refused without authorization
   * until the second is over. Do not use it behind a proxy, where all callers share one address. @defaultValue no limit
   */
  readonly refusalsPerSecond?: number | undefined;
  /** Maximum concurrent calls, including WaitOperation. @defaultValue no limit */
  readonly maxCallsPerCaller?: number | undefined;
  /** Maximum concurrent calls of WaitOperation. @defaultValue no limit */
  readonly maxWaitsPerCaller?: number | undefined;
}

const nothing = () => {};

/** Counts and limits the calls of callers. */
export class CallerLimits {
  readonly #rate: CallerRate | undefined;
  readonly #refusals: CallerRate | undefined;
  readonly #calls: CallerPlaces | undefined;
  readonly #waits: CallerPlaces | undefined;

  /** Returns undefined if no limit is set, so that nothing is counted. */
  static of(options: CallerLimitOptions): CallerLimits | undefined {
    const { ratePerSecond, refusalsPerSecond, maxCallsPerCaller, maxWaitsPerCaller } = options;
    const limits = [ratePerSecond, refusalsPerSecond, maxCallsPerCaller, maxWaitsPerCaller];
    return limits.every((limit) => limit === undefined) ? undefined : new CallerLimits(options);
  }

  private constructor(options: CallerLimitOptions) {
    const { ratePerSecond, refusalsPerSecond, maxCallsPerCaller, maxWaitsPerCaller } = options;
    if (ratePerSecond !== undefined) {
      const message = `caller has made more than ${ratePerSecond} calls in a second: try again later, and less often`;
      this.#rate = new CallerRate(ratePerSecond, message);
    }
    if (refusalsPerSecond !== undefined) {
      const message = `address has made ${refusalsPerSecond} calls in a second that were refused: try again later, with credentials that are good for the call`;
      this.#refusals = new CallerRate(refusalsPerSecond, message);
    }
    if (maxCallsPerCaller !== undefined) {
      const message = (taken: number) =>
        `caller has ${taken} calls under way: try again when one has been answered`;
      this.#calls = new CallerPlaces(maxCallsPerCaller, 'TOO_MANY_CALLS', message);
    }
    if (maxWaitsPerCaller !== undefined) {
      const message = (taken: number) =>
        `caller waits for ${taken} operations already: try again when one has ended, or ask GetOperation`;
      this.#waits = new CallerPlaces(maxWaitsPerCaller, 'TOO_MANY_WAITS', message);
    }
  }

  /** @throws StatusError RESOURCE_EXHAUSTED with RetryInfo if the address has been refused too often. */
  async assertWelcome(address: string): Promise<void> {
    await this.#refusals?.assertBelow(address);
  }

  /** Counts a refused call from an address. */
  async refused(address: string): Promise<void> {
    await this.#refusals?.count(address);
  }

  /**
   * Counts a call, which is concurrent with others until the returned function is called.
   *
   * @throws StatusError RESOURCE_EXHAUSTED with RetryInfo if the caller exceeds its rate or its maximum of concurrent calls.
   */
  async call(caller: string): Promise<() => void> {
    await this.#rate?.countOrRefuse(caller);
    return this.#calls?.take(caller) ?? nothing;
  }

  /**
   * Counts a concurrent wait until the returned function is called.
   *
   * @throws StatusError RESOURCE_EXHAUSTED with RetryInfo if the caller has reached its maximum.
   */
  wait(caller: string): () => void {
    return this.#waits?.take(caller) ?? nothing;
  }
}

/** Retry delay for concurrency limits, as it is unknown when a call ends. */
const RETRY_MS = 1000;

/** Concurrency limit per caller. */
export class CallerPlaces {
  readonly #max: number;
  readonly #reason: string;
  readonly #message: (taken: number) => string;
  readonly #taken = new Map<string, number>();

  constructor(max: number, reason: string, message: (taken: number) => string) {
    this.#max = max;
    this.#reason = reason;
    this.#message = message;
  }

  /**
   * Acquires a slot for a caller until the returned function is called. Further calls of that function have no effect.
   *
   * @throws StatusError RESOURCE_EXHAUSTED with RetryInfo if the caller has no free slot.
   */
  take(caller: string): () => void {
    const taken = this.#taken.get(caller) ?? 0;
    if (taken >= this.#max) throw exhausted(this.#reason, this.#message(taken), RETRY_MS);
    this.#taken.set(caller, taken + 1);
    let isLeft = false;
    return () => {
      if (isLeft) return;
      isLeft = true;
      const left = (this.#taken.get(caller) ?? 1) - 1;
      if (left > 0) this.#taken.set(caller, left);
      else this.#taken.delete(caller);
    };
  }
}

/** Rate limit per caller. The state of a caller expires after a second. */
export class CallerRate {
  readonly #limiter: RateLimiterMemory;
  readonly #message: string;

  /** @param message - error message for callers over the limit. */
  constructor(perSecond: number, message: string) {
    this.#limiter = rateLimiter(perSecond);
    this.#message = message;
  }

  /** Counts an event without checking the limit. */
  async count(caller: string): Promise<void> {
    await this.#limiter.penalty(caller);
  }

  /** @throws StatusError RESOURCE_EXHAUSTED with RetryInfo if the caller has reached the limit. */
  async assertBelow(caller: string): Promise<void> {
    const counted = await this.#limiter.get(caller);
    if (counted && counted.consumedPoints >= this.#limiter.points) throw this.#refusal(counted.msBeforeNext);
  }

  /**
   * Counts an event.
   *
   * @throws StatusError RESOURCE_EXHAUSTED with RetryInfo if it exceeds the limit.
   */
  async countOrRefuse(caller: string): Promise<void> {
    try {
      await this.#limiter.consume(caller);
    } catch (refused) {
      throw this.#refusal((refused as { readonly msBeforeNext: number }).msBeforeNext);
    }
  }

  #refusal(msBeforeNext: number) {
    return exhausted('RATE_LIMIT_EXCEEDED', this.#message, Math.max(1, msBeforeNext));
  }
}

/** Creates a limiter. The library is loaded on first use because loading takes 60 ms. */
function rateLimiter(perSecond: number): RateLimiterMemory {
  const require = createRequire(import.meta.url);
  const library = require('rate-limiter-flexible') as typeof import('rate-limiter-flexible');
  return new library.RateLimiterMemory({ points: perSecond, duration: 1 });
}

/** Creates a RESOURCE_EXHAUSTED error with RetryInfo. */
export function exhausted(reason: string, message: string, retryAfterMs: number): StatusError {
  return kitError(Code.RESOURCE_EXHAUSTED, reason, message, { retryAfterMs });
}
