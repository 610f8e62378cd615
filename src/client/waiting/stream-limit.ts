import type { Clock } from '../../clock.js';
import { sleep } from '../../signals.js';
import { type ProbedConnection, type ProbeVerdict, probeStreams } from './stream-probe.js';
import type { WaitSlots } from './wait-slots.js';

/** What a {@link StreamLimit} works with. */
export interface StreamLimitOptions {
  readonly slots: WaitSlots;
  readonly clock: Clock;
  /** Ends the learning when it aborts. */
  readonly closed: AbortSignal;
  /** The connection that `slots` knows by this number, as it is now. */
  readonly connection: (index: number) => ProbedConnection | undefined;
  /** Closes that connection; what is on it is asked again over another. */
  readonly replace: (index: number) => void;
  /** Moves what a connection can carry no longer, or calls those who now have room. */
  readonly changed: () => void;
}

/** Lets a burst arrive before it is found out whether it got through. */
const SETTLING_MS = 100;

/** After how long it is tried whether connections carry more than they did; twice as long after each time in vain. */
const FIRST_TRIAL_MS = 60_000;
const LAST_TRIAL_MS = 3_600_000;

/**
 * Finds out, in the background, whether connections carry as many long-polls as they are given, and gives them
 * fewer if not: the server's MAX_CONCURRENT_STREAMS, which grpc-js does not tell.
 *
 * A connection on which nothing is answered may also have died in silence. So it is replaced first; only when the
 * next one is silent under the same load it is the load. And what was learnt may be wrong, or the server be
 * another by now: after a while they are given more again.
 */
export class StreamLimit {
  readonly #options: StreamLimitOptions;
  /** As many long-polls as a connection was seen to carry at once. */
  #proven = 1;
  #checking = false;
  #trialMs = FIRST_TRIAL_MS;
  #tried = false;
  #stopTrial = () => {};

  constructor(options: StreamLimitOptions) {
    this.#options = options;
  }

  /** To be called whenever a connection has got more to carry. */
  check(): void {
    if (this.#checking || this.#busiest() === undefined) return;
    this.#checking = true;
    this.#checkAll()
      .catch((thrown) => {
        if (!this.#options.closed.aborted) throw thrown;
      })
      .finally(() => {
        this.#checking = false;
      });
  }

  /** To be called when a long-poll got no answer: the server may be another by now. */
  doubt(): void {
    this.#proven = 1;
  }

  /** Leaves no timer. */
  close(): void {
    this.#stopTrial();
  }

  async #checkAll(): Promise<void> {
    const { slots, clock, closed, replace, changed } = this.#options;
    let replaced = false;
    await sleep(SETTLING_MS, closed, clock, { background: true });
    for (let index = this.#busiest(); index !== undefined; index = this.#busiest()) {
      const before = slots.load(index);
      switch (await this.#probe(index)) {
        case 'through':
          // What ended meanwhile may be what let the question through.
          this.#proven = Math.max(this.#proven, Math.min(before, slots.load(index)));
          replaced = false;
          break;
        case 'silent':
          if (replaced) this.#shrink(Math.max(this.#proven, Math.floor(before / 2)));
          else replace(index);
          replaced = true;
          changed();
          break;
        case 'unknown':
          return;
      }
      await sleep(SETTLING_MS, closed, clock, { background: true });
    }
  }

  /** A connection with more long-polls than any was seen to carry. */
  #busiest(): number | undefined {
    const { slots, connection } = this.#options;
    let busiest: number | undefined;
    let most = this.#proven;
    for (const index of slots.connections()) {
      const load = slots.load(index);
      if (load <= most || !connection(index)) continue;
      busiest = index;
      most = load;
    }
    return busiest;
  }

  async #probe(index: number): Promise<ProbeVerdict> {
    const { connection, clock, closed } = this.#options;
    const probed = connection(index);
    return probed ? probeStreams(probed, clock, closed) : 'unknown';
  }

  #shrink(perConnection: number): void {
    if (this.#tried) this.#trialMs = Math.min(2 * this.#trialMs, LAST_TRIAL_MS);
    this.#tried = false;
    this.#options.slots.shrink(perConnection);
    this.#tryMoreLater();
  }

  #tryMoreLater(): void {
    const { slots, clock, changed } = this.#options;
    this.#stopTrial();
    const tryMore = () => {
      this.#tried = true;
      slots.grow(2 * slots.perConnection);
      changed();
      if (slots.shrunk) this.#tryMoreLater();
    };
    this.#stopTrial = clock.setTimer(tryMore, this.#trialMs, { background: true });
  }
}
