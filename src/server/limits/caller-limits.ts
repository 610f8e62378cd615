import { CallerPlaces } from './caller-places.js';
import { CallerRate } from './caller-rate.js';

/** What each caller may ask of a server: a principal, or an address where nobody is known. None is set by default. */
export interface CallerLimitOptions {
  /** Calls in a second, starts among them. More are refused until the second is over. @defaultValue no limit */
  readonly ratePerSecond?: number | undefined;
  /**
   * Calls from one address in a second that `authorize` refuses. Then whatever comes from there is refused, and nobody asked,
   * until the second is over. Not for a server behind a proxy, where all callers have one address. @defaultValue no limit
   */
  readonly refusalsPerSecond?: number | undefined;
  /** Calls at once, those of WaitOperation among them. @defaultValue no limit */
  readonly maxCallsPerCaller?: number | undefined;
  /** Calls of WaitOperation at once. @defaultValue no limit */
  readonly maxWaitsPerCaller?: number | undefined;
}

const nothing = () => {};

/** Counts what callers ask. */
export class CallerLimits {
  readonly #rate: CallerRate | undefined;
  readonly #refusals: CallerRate | undefined;
  readonly #calls: CallerPlaces | undefined;
  readonly #waits: CallerPlaces | undefined;

  /** Undefined when nothing is limited: then nothing is counted either. */
  static of(options: CallerLimitOptions): CallerLimits | undefined {
    const { ratePerSecond, refusalsPerSecond, maxCallsPerCaller, maxWaitsPerCaller } = options;
    const limits = [ratePerSecond, refusalsPerSecond, maxCallsPerCaller, maxWaitsPerCaller];
    return limits.every((limit) => limit === undefined) ? undefined : new CallerLimits(options);
  }

  private constructor(options: CallerLimitOptions) {
    const { ratePerSecond, refusalsPerSecond, maxCallsPerCaller, maxWaitsPerCaller } = options;
    if (ratePerSecond !== undefined) {
      const message = `caller has made more than ${ratePerSecond} calls in a second: try again later, and less often`;
      this.#rate = new CallerRate(ratePerSecond, message);
    }
    if (refusalsPerSecond !== undefined) {
      const message = `address has made ${refusalsPerSecond} calls in a second that were refused: try again later, with credentials that are good for the call`;
      this.#refusals = new CallerRate(refusalsPerSecond, message);
    }
    if (maxCallsPerCaller !== undefined) {
      const message = (taken: number) =>
        `caller has ${taken} calls under way: try again when one has been answered`;
      this.#calls = new CallerPlaces(maxCallsPerCaller, 'TOO_MANY_CALLS', message);
    }
    if (maxWaitsPerCaller !== undefined) {
      const message = (taken: number) =>
        `caller waits for ${taken} operations already: try again when one has ended, or ask GetOperation`;
      this.#waits = new CallerPlaces(maxWaitsPerCaller, 'TOO_MANY_WAITS', message);
    }
  }

  /** @throws StatusError RESOURCE_EXHAUSTED, with RetryInfo, when an address has been refused too often. */
  async assertWelcome(address: string): Promise<void> {
    await this.#refusals?.assertBelow(address);
  }

  /** A call from an address was refused. */
  async refused(address: string): Promise<void> {
    await this.#refusals?.count(address);
  }

  /**
   * Counts a call, and takes a place among the calls of its caller until the function returned is called.
   *
   * @throws StatusError RESOURCE_EXHAUSTED, with RetryInfo, when it has called too often, or has no more places.
   */
  async call(caller: string): Promise<() => void> {
    await this.#rate?.countOrRefuse(caller);
    return this.#calls?.take(caller) ?? nothing;
  }

  /**
   * Takes a place among the waits of a caller, until the function returned is called.
   *
   * @throws StatusError RESOURCE_EXHAUSTED, with RetryInfo, when it has no more.
   */
  wait(caller: string): () => void {
    return this.#waits?.take(caller) ?? nothing;
  }
}
