import type { Clock } from '../../core/clock.js';
import { abortable } from '../../core/signals.js';
import { Code, StatusError } from '../../core/status.js';
import { POLL_BACKOFF } from './retry.js';

const FIRST_TRIAL_MS = 60_000;
const LAST_TRIAL_MS = 3_600_000;

/** A capability that was refused: tried again after a minute, then after twice the time, up to an hour. */
export class Trial {
  #until = Number.NEGATIVE_INFINITY;
  #delayMs = FIRST_TRIAL_MS;

  /** True if the capability may be used, as far as is known. */
  open(now: number): boolean {
    return now >= this.#until;
  }

  /** Records a refusal; those that arrive before the next trial count as the same one. */
  fail(now: number): void {
    if (!this.open(now)) return;
    this.#until = now + this.#delayMs;
    this.#delayMs = Math.min(2 * this.#delayMs, LAST_TRIAL_MS);
  }

  succeed(): void {
    this.#until = Number.NEGATIVE_INFINITY;
    this.#delayMs = FIRST_TRIAL_MS;
  }
}

/** Fraction of the time after which a proxy cut long polls that later ones may take. */
const CUT_MARGIN = 0.8;

/**
 * Knowledge about WaitOperation that all waits of a client share: if the server has it, and for how long the proxies
 * on the way let it take.
 */
export class WaitSupport {
  readonly #clock: Clock;
  readonly #presence = new Trial();
  readonly #length = new Trial();
  #cutMs = Number.POSITIVE_INFINITY;
  #known: 'present' | 'absent' | undefined;
  /** Resolves when the first WaitOperation has shown if the server has it. */
  #finding: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True unless the server answered UNIMPLEMENTED recently. */
  usable(now: number): boolean {
    return this.#known !== 'absent' || this.#presence.open(now);
  }

  /** Longest useful duration of a long poll. */
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
   * Calls WaitOperation unless it is known to be UNIMPLEMENTED; then it resolves to undefined. The first call finds
   * that out. Others hold meanwhile, but at most as long as the first pause of polling: a server that takes longer
   * does wait. After a refusal, one call alone tries again.
   *
   * @param call - resolves to undefined if no call was made.
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
    const tell = () => {
      stopTimer();
      this.#finding = undefined;
      found.resolve();
    };
    const assume = () => {
      this.#known = 'present';
      tell();
    };
    const stopTimer = this.#clock.setTimer(assume, POLL_BACKOFF.initialMs, { background: true });
    this.#finding = found.promise;
    try {
      return await this.#observe(call);
    } finally {
      tell();
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
