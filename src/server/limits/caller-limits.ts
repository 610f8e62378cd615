import { createRequire } from 'node:module';
import type { RateLimiterMemory } from 'rate-limiter-flexible';
import { Code, kitError, type StatusError } from '../../status.js';

/** What each caller may ask of a server: a principal, or an address where nobody is known. None is set by default. */
export interface CallerLimitOptions {
  /** Calls in a second, starts among them. More are refused until the second is over. @defaultValue no limit */
  readonly ratePerSecond?: number | undefined;
  /** Calls of WaitOperation at once. @defaultValue no limit */
  readonly maxWaitsPerCaller?: number | undefined;
}

const RETRY_WAIT_MS = 1000;

/** Counts what callers ask. What is kept of one is gone a second after its last call. */
export class CallerLimits {
  readonly #rate: { readonly limiter: RateLimiterMemory; readonly perSecond: number } | undefined;
  readonly #maxWaits: number;
  readonly #waits = new Map<string, number>();

  /** Undefined when nothing is limited: then nothing is counted either. */
  static of({ ratePerSecond, maxWaitsPerCaller }: CallerLimitOptions): CallerLimits | undefined {
    if (ratePerSecond === undefined && maxWaitsPerCaller === undefined) return undefined;
    return new CallerLimits(ratePerSecond, maxWaitsPerCaller);
  }

  private constructor(perSecond: number | undefined, maxWaits = Number.POSITIVE_INFINITY) {
    this.#rate = perSecond === undefined ? undefined : { perSecond, limiter: rateLimiter(perSecond) };
    this.#maxWaits = maxWaits;
  }

  /** @throws StatusError RESOURCE_EXHAUSTED, with RetryInfo, when a caller has called too often. */
  async admit(caller: string): Promise<void> {
    if (!this.#rate) return;
    const { limiter, perSecond } = this.#rate;
    try {
      await limiter.consume(caller);
    } catch (refused) {
      const { msBeforeNext = RETRY_WAIT_MS } = refused as { readonly msBeforeNext?: number };
      const message = `caller has made more than ${perSecond} calls in a second: try again later, and less often`;
      throw exhausted('RATE_LIMIT_EXCEEDED', message, Math.max(1, msBeforeNext));
    }
  }

  /**
   * Takes a place among the waits of a caller, until the function returned is called.
   *
   * @throws StatusError RESOURCE_EXHAUSTED, with RetryInfo, when it has no more.
   */
  wait(caller: string): () => void {
    const waiting = this.#waits.get(caller) ?? 0;
    if (waiting >= this.#maxWaits) {
      const message = `caller waits for ${waiting} operations already: try again when one has ended, or ask GetOperation`;
      throw exhausted('TOO_MANY_WAITS', message, RETRY_WAIT_MS);
    }
    this.#waits.set(caller, waiting + 1);
    return () => {
      const left = (this.#waits.get(caller) ?? 1) - 1;
      if (left > 0) this.#waits.set(caller, left);
      else this.#waits.delete(caller);
    };
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
