import { createRequire } from 'node:module';
import type { RateLimiterMemory } from 'rate-limiter-flexible';
import { Code, kitError, type StatusError } from '../../core/status.js';

/** What each caller may ask of a server: a principal, or an address where nobody is known. None is set by default. */
export interface CallerLimitOptions {
  /** Calls in a second, starts among them. More are refused until the second is over. @defaultValue no limit */
  readonly ratePerSecond?: number | undefined;
  /**
   * Calls from one address in a second that `authorize` refuses. Then whatever comes from there is refused, and nobody asked,
   * until the second is over. Not for a server behind a proxy, where all callers have one address. @defaultValue no limit
   */
  readonly refusalsPerSecond?: number | undefined;
  /** Calls at once, those of WaitOperation among them. @defaultValue no limit */
  readonly maxCallsPerCaller?: number | undefined;
  /** Calls of WaitOperation at once. @defaultValue no limit */
  readonly maxWaitsPerCaller?: number | undefined;
}

const nothing = () => {};

/** Counts what callers ask. */
export class CallerLimits {
  readonly #rate: CallerRate | undefined;
  readonly #refusals: CallerRate | undefined;
  readonly #calls: CallerPlaces | undefined;
  readonly #waits: CallerPlaces | undefined;

  /** Undefined when nothing is limited: then nothing is counted either. */
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

  /** @throws StatusError RESOURCE_EXHAUSTED, with RetryInfo, when an address has been refused too often. */
  async assertWelcome(address: string): Promise<void> {
    await this.#refusals?.assertBelow(address);
  }

  /** A call from an address was refused. */
  async refused(address: string): Promise<void> {
    await this.#refusals?.count(address);
  }

  /**
   * Counts a call, and takes a place among the calls of its caller until the function returned is called.
   *
   * @throws StatusError RESOURCE_EXHAUSTED, with RetryInfo, when it has called too often, or has no more places.
   */
  async call(caller: string): Promise<() => void> {
    await this.#rate?.countOrRefuse(caller);
    return this.#calls?.take(caller) ?? nothing;
  }

  /**
   * Takes a place among the waits of a caller, until the function returned is called.
   *
   * @throws StatusError RESOURCE_EXHAUSTED, with RetryInfo, when it has no more.
   */
  wait(caller: string): () => void {
    return this.#waits?.take(caller) ?? nothing;
  }
}

/** When to come back for a place: nobody knows when one is free. */
const RETRY_MS = 1000;

/** What callers do at once: each has so many places. */
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
   * Takes a place of a caller, until the function returned is called; more often does nothing.
   *
   * @throws StatusError RESOURCE_EXHAUSTED, with RetryInfo, when it has no more.
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

/** What callers do in a second. What is kept of one is gone a second later. */
export class CallerRate {
  readonly #limiter: RateLimiterMemory;
  readonly #message: string;

  /** @param message - for who has done too much */
  constructor(perSecond: number, message: string) {
    this.#limiter = rateLimiter(perSecond);
    this.#message = message;
  }

  /** Counts, whatever it comes to. */
  async count(caller: string): Promise<void> {
    await this.#limiter.penalty(caller);
  }

  /** @throws StatusError RESOURCE_EXHAUSTED, with RetryInfo, when a caller has done as much as it may. */
  async assertBelow(caller: string): Promise<void> {
    const counted = await this.#limiter.get(caller);
    if (counted && counted.consumedPoints >= this.#limiter.points) throw this.#refusal(counted.msBeforeNext);
  }

  /**
   * Counts one more.
   *
   * @throws StatusError RESOURCE_EXHAUSTED, with RetryInfo, when that is too much.
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

/** Loaded when it is asked for: with all that it is made for, it takes 60 ms. */
function rateLimiter(perSecond: number): RateLimiterMemory {
  const require = createRequire(import.meta.url);
  const library = require('rate-limiter-flexible') as typeof import('rate-limiter-flexible');
  return new library.RateLimiterMemory({ points: perSecond, duration: 1 });
}

/** A refusal that says when to try again. */
export function exhausted(reason: string, message: string, retryAfterMs: number): StatusError {
  return kitError(Code.RESOURCE_EXHAUSTED, reason, message, { retryAfterMs });
}
