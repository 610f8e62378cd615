import type { Clock } from '../../clock.js';
import { abortable, link } from '../../signals.js';
import { Code, StatusError } from '../../status.js';
import { POLL_BACKOFF } from './backoff.js';

/** The two ways to ask for the state of an operation. */
export interface Ways<Answer> {
  /** Its signal aborts when the answer would be of no use: the server is known by then not to have WaitOperation. */
  readonly byWait: (signal: AbortSignal) => Promise<Answer>;
  readonly byGet: () => Promise<Answer>;
}

/** Why a WaitOperation was given up that would have been in vain. */
const IN_VAIN = Symbol('server has no WaitOperation');

/**
 * Whether a server has WaitOperation. The first question finds it out, and the others hold meanwhile, so that
 * thousands of waits do not all ask in vain; no longer, though, than the first pause of polling would be, for a
 * server that has it says so by not answering. So does one that takes its time to connect: what stands in line for
 * WaitOperation by then leaves it as soon as the first is answered.
 */
export class WaitSupport {
  readonly #clock: Clock;
  #present = false;
  /** Aborts when it is found to be absent. */
  readonly #absence = new AbortController();
  #finding: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** That it has not, as far as is known. */
  get absent(): boolean {
    return this.#absence.signal.aborted;
  }

  /** Asks by WaitOperation, or else by GetOperation. */
  async ask<Answer>(ways: Ways<Answer>, signal: AbortSignal): Promise<Answer> {
    while (!this.#present && this.#finding) await abortable(this.#finding, signal);
    return this.#present || this.absent ? this.#tryWait(ways, signal) : this.#findOut(ways, signal);
  }

  async #findOut<Answer>(ways: Ways<Answer>, signal: AbortSignal): Promise<Answer> {
    const found = Promise.withResolvers<void>();
    const tell = () => {
      stopTimer();
      this.#finding = undefined;
      found.resolve();
    };
    const stopTimer = this.#clock.setTimer(
      () => {
        this.#present = true;
        tell();
      },
      POLL_BACKOFF.initialMs,
      { background: true },
    );
    this.#finding = found.promise;
    try {
      return await this.#tryWait(ways, signal, tell);
    } finally {
      tell();
    }
  }

  async #tryWait<Answer>(
    { byWait, byGet }: Ways<Answer>,
    signal: AbortSignal,
    known = () => {},
  ): Promise<Answer> {
    if (this.absent) return byGet();
    const linked = link(signal, this.#absence.signal);
    try {
      const answer = await byWait(linked.signal);
      this.#present = true;
      return answer;
    } catch (thrown) {
      if (!this.absent && StatusError.from(thrown).code !== Code.UNIMPLEMENTED) throw thrown;
    } finally {
      linked[Symbol.dispose]();
    }
    this.#absence.abort(IN_VAIN);
    known();
    return byGet();
  }
}
