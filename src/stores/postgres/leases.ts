import type { Clock } from '../../core/clock.js';
import { BEATS_PER_LEASE, type Claim, type Jobs } from './jobs.js';
import { repeat } from './repeat.js';
import { StepDetector } from './step-detector.js';

/** Dependencies of leases. */
export interface LeasesOptions {
  readonly jobs: Pick<Jobs, 'renew' | 'releaseLapsed' | 'now'>;
  readonly leaseMs: number;
  /** A monotonic clock. */
  readonly clock: Clock;
  /** Called when claims that had lapsed may have been released. */
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
 * The claims of this server, which it renews as long as it lives, and its part in finding those of servers that have died.
 *
 * Claims lapse by the clock of the database. After that has stepped, and after the database was away or this server stood
 * still, claims of healthy servers may look lapsed. So this server looks for lapsed claims only once it has reached the
 * database without any of these for the length of a lease: by then every healthy server has renewed its own.
 */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #inHand = new Map<string, InHand>();
  readonly #steps: StepDetector;
  /** Ends the renewing. */
  readonly close: () => Promise<void>;
  #lastBeat: number;
  /** Since when claims can be trusted to lapse only with their servers. */
  #steadySince: number;

  constructor(options: LeasesOptions) {
    const { jobs, leaseMs, clock } = options;
    const beatMs = leaseMs / BEATS_PER_LEASE;
    this.#options = options;
    this.#steps = new StepDetector({ read: () => jobs.now(), clock, toleranceMs: beatMs });
    this.#lastBeat = clock.now();
    this.#steadySince = this.#lastBeat;
    this.close = repeat(beatMs, () => this.#beat(), clock);
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
    const { jobs, leaseMs, clock, onLapsed, onError } = this.#options;
    const now = clock.now();
    // This process stood still, or the database did not answer.
    if (now - this.#lastBeat > leaseMs) this.#steadySince = now;
    this.#lastBeat = now;
    try {
      for (const [method, held] of Map.groupBy(this.#inHand.values(), (each) => each.method)) {
        await jobs.renew(
          method,
          held.map(({ claim }) => claim),
        );
      }
      if (await this.#steps.hasStepped()) this.#steadySince = clock.now();
      if (now - this.#steadySince < leaseMs) return;
      await jobs.releaseLapsed();
      onLapsed();
    } catch (error) {
      this.#steadySince = clock.now();
      onError(error);
    }
  }
}
