import { BEATS_PER_LEASE, type Claim, type Jobs } from './jobs.js';
import { repeat } from './repeat.js';

/** What leases are kept with. */
export interface LeasesOptions {
  readonly jobs: Jobs;
  readonly leaseMs: number;
  /** Reaches the database, or rejects. */
  readonly probe: () => Promise<unknown>;
  /** Called when claims that had lapsed may have been given back. */
  readonly onLapsed: () => void;
  readonly onError: (error: unknown) => void;
}

/** The work of one operation in the hands of this server. */
interface InHand {
  readonly method: string;
  /** The attempt that the operation was at when it was handed out. */
  readonly attempt: number;
  claim: Claim;
}

/**
 * The claims of this server, which it renews as long as it lives, and its part in finding those of servers that
 * do not live any more.
 */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #inHand = new Map<string, InHand>();
  /** Ends the renewing. */
  readonly close: () => Promise<void>;
  #lastBeat = performance.now();
  /** Since when every beat has reached the database. */
  #inTouchSince = this.#lastBeat;

  constructor(options: LeasesOptions) {
    this.#options = options;
    this.close = repeat(options.leaseMs / BEATS_PER_LEASE, () => this.#beat());
  }

  /**
   * Takes a claim into hand; tells whether it is of new work. It is not when the claim of this very server had
   * lapsed, and nobody else took the work meanwhile: then it goes on under the new claim.
   */
  take(method: string, claim: Claim, attempt: number): boolean {
    const known = this.#inHand.get(claim.operation);
    // Beginning counts the attempt up by one. More means that somebody else has begun since.
    if (known && attempt <= known.attempt + 1) {
      known.claim = claim;
      return false;
    }
    this.#inHand.set(claim.operation, { method, attempt, claim });
    return true;
  }

  /**
   * Lets go of work that was taken at that attempt, which is left to lapse unless the caller ends it.
   *
   * @returns the claim as it is by now; undefined when other work on the operation has taken its place.
   */
  drop(operation: string, attempt: number): Claim | undefined {
    const known = this.#inHand.get(operation);
    if (known?.attempt !== attempt) return undefined;
    this.#inHand.delete(operation);
    return known.claim;
  }

  async #beat(): Promise<void> {
    const { jobs, leaseMs, probe, onLapsed, onError } = this.#options;
    const now = performance.now();
    // It was stopped itself, or the database did not answer.
    if (now - this.#lastBeat > leaseMs) this.#inTouchSince = now;
    this.#lastBeat = now;
    try {
      await probe();
      for (const [method, held] of Map.groupBy(this.#inHand.values(), (each) => each.method)) {
        await jobs.renew(
          method,
          held.map(({ claim }) => claim),
        );
      }
      // After the database was away, every claim looks lapsed: all servers first have a lease's time to renew theirs.
      if (now - this.#inTouchSince < leaseMs) return;
      await jobs.supervise();
      onLapsed();
    } catch (error) {
      this.#inTouchSince = performance.now();
      onError(error);
    }
  }
}
