import { createRequire } from 'node:module';
import type { RateLimiterMemory } from 'rate-limiter-flexible';
import { exhausted } from './exhausted.js';

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
