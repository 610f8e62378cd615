import type { Clock } from '../../core/clock.js';
import { abortable } from '../../core/signals.js';
import { Code, StatusError } from '../../core/status.js';
import { POLL_BACKOFF } from './retry.js';

const MIN_TRIAL_DELAY_MS = 60_000;
const MAX_TRIAL_DELAY_MS = 3_600_000;

/** Backoff of a refused capability: it is tried again after a minute, then after twice the time, up to an hour. */
export class Trial {
  #until = Number.NEGATIVE_INFINITY;
  #delayMs = MIN_TRIAL_DELAY_MS;

  /** Returns true if the capability may be used. */
  open(now: number): boolean {
    return now >= this.#until;
  }

  /** Records a refusal. Refusals before the next trial count as one. */
  fail(now: number): void {
    if (!this.open(now)) return;
    this.#until = now + this.#delayMs;
    this.#delayMs = Math.min(2 * this.#delayMs, MAX_TRIAL_DELAY_MS);
  }

  succeed(): void {
    this.#until = Number.NEGATIVE_INFINITY;
    this.#delayMs = MIN_TRIAL_DELAY_MS;
  }
}

/** Safety margin: fraction of a proxy's time limit that later long polls take. */
const CUT_MARGIN = 0.8;

/**
 * Knowledge about WaitOperation that all waits of a client share: if the server has it, and its longest duration
 * through proxies.
 */
export class WaitSupport {
  readonly #clock: Clock;
  readonly #presence = new Trial();
  readonly #length = new Trial();
  #cutMs = Number.POSITIVE_INFINITY;
  #known: 'present' | 'absent' | undefined;
  /** Resolves when the first WaitOperation has shown if the server implements it. */
  #finding: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns true unless the server answered UNIMPLEMENTED recently. */
  usable(now: number): boolean {
    return this.#known !== 'absent' || this.#presence.open(now);
  }

  /** Returns the longest useful duration of a long poll, in milliseconds. */
  longPollMs(now: number): number {
    return this.#length.open(now) ? Number.POSITIVE_INFINITY : this.#cutMs;
  }

  /** Records that long polls are cut after `ms`. */
  cut(ms: number, now: number): void {
    const cutMs = ms * CUT_MARGIN;
    this.#cutMs = this.#length.open(now) ? cutMs : Math.min(this.#cutMs, cutMs);
    this.#length.fail(now);
  }

  /**
   * Calls WaitOperation; resolves to undefined if it is known to be UNIMPLEMENTED. The first call detects that.
   * Concurrent calls are held meanwhile, at most for the first pause of polling: a server that takes longer implements
   * it. After a refusal, a single call tries again.
   *
   * @param call - resolves to undefined if it made no call.
   */
  async ask<Answer>(
    call: () => Promise<Answer | undefined>,
    signal: AbortSignal,
  ): Promise<Answer | undefined> {
    while (this.#finding) await abortable(this.#finding, signal);
    if (this.#known === undefined) return this.#findOut(call);
    if (this.#known === 'absent') {
      const now = this.#clock.now();
      if (!this.usable(now)) return undefined;
      this.#presence.fail(now);
    }
    return this.#observe(call);
  }

  async #findOut<Answer>(call: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
    const found = Promise.withResolvers<void>();
    const settle = () => {
      stopTimer();
      this.#finding = undefined;
      found.resolve();
    };
    const assume = () => {
      this.#known = 'present';
      settle();
    };
    const stopTimer = this.#clock.setTimer(assume, POLL_BACKOFF.initialMs, { background: true });
    this.#finding = found.promise;
    try {
      return await this.#observe(call);
    } finally {
      settle();
    }
  }

  async #observe<Answer>(call: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
    try {
      const answer = await call();
      if (answer !== undefined) {
        this.#known = 'present';
        this.#presence.succeed();
      }
      return answer;
    } catch (thrown) {
      if (StatusError.from(thrown).code === Code.UNIMPLEMENTED) {
        this.#known = 'absent';
        this.#presence.fail(this.#clock.now());
      }
      throw thrown;
    }
  }
}
