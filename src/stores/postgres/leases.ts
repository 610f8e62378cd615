import type { Clock } from '../../core/clock.js';
import { BEATS_PER_LEASE, type Claim, type Jobs } from './jobs.js';
import { repeat } from './repeat.js';
import { StepDetector } from './step-detector.js';

/** Dependencies of leases. */
export interface LeasesOptions {
  readonly jobs: Pick<Jobs, 'renew' | 'releaseLapsed' | 'now'>;
  readonly leaseMs: number;
  /** Monotonic clock. */
  readonly clock: Clock;
  /** Called after lapsed claims may have been released. */
  readonly onLapsed: () => void;
  readonly onError: (error: unknown) => void;
}

/** Work on one operation that this server has claimed. */
interface ClaimedWork {
  readonly method: string;
  /** Attempt of the operation when it was handed out. */
  readonly attempt: number;
  claim: Claim;
}

/**
 * Renews the claims of this server and releases those of servers that died.
 *
 * Claims lapse by the clock of the database. Claims of healthy servers may look lapsed after that clock stepped, the
 * database was unavailable, or this process was suspended. So this server searches for lapsed claims only after a
 * whole lease without any of these: by then every healthy server has renewed its claims.
 */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #claimed = new Map<string, ClaimedWork>();
  readonly #steps: StepDetector;
  /** Stops renewing. */
  readonly close: () => Promise<void>;
  #lastBeat: number;
  /** Time since which only claims of dead servers lapse. */
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
   * Adds a claim. Returns true if its work is new. It is not if this server's own claim lapsed and no other server
   * took the work; the work then continues under the new claim.
   */
  take(method: string, claim: Claim, attempt: number): boolean {
    const known = this.#claimed.get(claim.operation);
    // Starting the work increments the attempt. A larger difference means that another server started it since.
    if (known && attempt <= known.attempt + 1) {
      known.claim = claim;
      return false;
    }
    this.#claimed.set(claim.operation, { method, attempt, claim });
    return true;
  }

  /**
   * Removes the work started at an attempt. Its claim lapses unless the caller completes or releases it.
   *
   * @returns the current claim; undefined if other work on the operation has replaced it.
   */
  drop(operation: string, attempt: number): Claim | undefined {
    const known = this.#claimed.get(operation);
    if (known?.attempt !== attempt) return undefined;
    this.#claimed.delete(operation);
    return known.claim;
  }

  async #beat(): Promise<void> {
    const { jobs, leaseMs, clock, onLapsed, onError } = this.#options;
    const now = clock.now();
    // This process was suspended, or the database did not respond.
    if (now - this.#lastBeat > leaseMs) this.#steadySince = now;
    this.#lastBeat = now;
    try {
      for (const [method, held] of Map.groupBy(this.#claimed.values(), (each) => each.method)) {
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
