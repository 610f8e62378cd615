import { Backoff } from '../../core/backoff.js';
import type { Clock } from '../../core/clock.js';
import { abortable, atMost } from '../../core/signals.js';
import { Code, StatusError } from '../../core/status.js';
import { POLL_BACKOFF } from './retry.js';

/** Backoff of a refused capability: it is tried again after a minute, then after twice the time, up to an hour. */
export class Trial {
  readonly #backoff = new Backoff({ initialMs: 60_000, multiplier: 2, maxMs: 3_600_000 });
  #until = Number.NEGATIVE_INFINITY;

  /** Returns true if the capability may be used. */
  open(now: number): boolean {
    return now >= this.#until;
  }

  /** Records a refusal. Refusals before the next trial count as one. */
  fail(now: number): void {
    if (this.open(now)) this.#until = now + this.#backoff.next();
  }

  succeed(): void {
    this.#until = Number.NEGATIVE_INFINITY;
    this.#backoff.reset();
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
  #first: Promise<void> | undefined;

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
    while (this.#first) await abortable(this.#first, signal);
    const now = this.#clock.now();
    if (!this.usable(now)) return undefined;
    if (this.#known === 'absent') this.#presence.fail(now);
    const answer = this.#observe(call);
    if (this.#known === undefined) {
      this.#first = atMost(POLL_BACKOFF.initialMs, answer, this.#clock, { background: true }).then(
        (ended) => {
          this.#first = undefined;
          if (!ended) this.#known = 'present';
        },
      );
    }
    return answer;
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
