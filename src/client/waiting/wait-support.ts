import type { Clock } from '../../clock.js';
import { abortable } from '../../signals.js';
import { Code, StatusError } from '../../status.js';
import { POLL_BACKOFF } from './backoff.js';

/** The two ways to ask for the state of an operation. */
export interface Ways<Answer> {
  readonly byWait: () => Promise<Answer>;
  readonly byGet: () => Promise<Answer>;
}

/**
 * Whether a server has WaitOperation. The first question finds it out, and the others hold meanwhile, so that
 * thousands of waits do not all ask in vain; no longer, though, than the first pause of polling would be, for a
 * server that has it says so by not answering.
 */
export class WaitSupport {
  readonly #clock: Clock;
  #state: 'unknown' | 'present' | 'absent' = 'unknown';
  #finding: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** That it has not, as far as is known. */
  get absent(): boolean {
    return this.#state === 'absent';
  }

  /** Asks by WaitOperation, or else by GetOperation. */
  async ask<Answer>(ways: Ways<Answer>, signal: AbortSignal): Promise<Answer> {
    while (this.#state === 'unknown' && this.#finding) await abortable(this.#finding, signal);
    switch (this.#state) {
      case 'absent':
        return ways.byGet();
      case 'present':
        return this.#tryWait(ways);
      case 'unknown':
        return this.#findOut(ways);
    }
  }

  async #findOut<Answer>(ways: Ways<Answer>): Promise<Answer> {
    const found = Promise.withResolvers<void>();
    const tell = () => {
      stopTimer();
      this.#finding = undefined;
      found.resolve();
    };
    const stopTimer = this.#clock.setTimer(
      () => {
        this.#state = 'present';
        tell();
      },
      POLL_BACKOFF.initialMs,
      { background: true },
    );
    this.#finding = found.promise;
    try {
      return await this.#tryWait(ways, tell);
    } finally {
      tell();
    }
  }

  async #tryWait<Answer>({ byWait, byGet }: Ways<Answer>, known = () => {}): Promise<Answer> {
    try {
      const answer = await byWait();
      this.#state = 'present';
      return answer;
    } catch (thrown) {
      if (StatusError.from(thrown).code !== Code.UNIMPLEMENTED) throw thrown;
      this.#state = 'absent';
    }
    known();
    return byGet();
  }
}
