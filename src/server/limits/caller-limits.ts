import { Code, kitError, type StatusError } from '../../core/status.js';

/** Limits per caller: a principal, or the network address of an anonymous caller. By default there are none. */
export interface CallerLimitOptions {
  /** Maximum calls per second, including starts. Further ones are refused until the second is over. @defaultValue no limit */
  readonly ratePerSecond?: number | undefined;
  /**
   * Maximum calls per second from one address that `authorize` refuses. Further calls from there are refused without authorization
   * until the second is over. Do not use it behind a proxy, where all callers share one address. @defaultValue no limit
   */
  readonly refusalsPerSecond?: number | undefined;
  /** Maximum concurrent calls, including WaitOperation. @defaultValue no limit */
  readonly maxCallsPerCaller?: number | undefined;
  /** Maximum concurrent calls of WaitOperation. @defaultValue no limit */
  readonly maxWaitsPerCaller?: number | undefined;
}

const nothing = () => {};

/** Counts and limits the calls of callers. */
export class CallerLimits {
  readonly #rate: CallerRate | undefined;
  readonly #refusals: CallerRate | undefined;
  readonly #calls: CallerPlaces | undefined;
  readonly #waits: CallerPlaces | undefined;

  /** Returns undefined if no limit is set, so that nothing is counted. */
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

  /** @throws StatusError RESOURCE_EXHAUSTED with RetryInfo if the address has been refused too often. */
  async assertWelcome(address: string): Promise<void> {
    this.#refusals?.assertBelow(address);
  }

  /** Counts a refused call from an address. */
  async refused(address: string): Promise<void> {
    this.#refusals?.count(address);
  }

  /**
   * Counts a call, which is concurrent with others until the returned function is called.
   *
   * @throws StatusError RESOURCE_EXHAUSTED with RetryInfo if the caller exceeds its rate or its maximum of concurrent calls.
   */
  async call(caller: string): Promise<() => void> {
    this.#rate?.countOrRefuse(caller);
    return this.#calls?.take(caller) ?? nothing;
  }

  /**
   * Counts a concurrent wait until the returned function is called.
   *
   * @throws StatusError RESOURCE_EXHAUSTED with RetryInfo if the caller has reached its maximum.
   */
  wait(caller: string): () => void {
    return this.#waits?.take(caller) ?? nothing;
  }
}

/** Retry delay for concurrency limits, as it is unknown when a call ends. */
const RETRY_MS = 1000;

/** Concurrency limit per caller. */
export class CallerPlaces {
  readonly #max: number;
  readonly #reason: string;
  readonly #message: (taken: number) => string;
  readonly #taken = new Map<string, number>();

  constructor(max: number, reason: string, message: (taken: number) => string) {
    this.#max = max;
    this.#reason = reason;
    this.#message = message;
  }

  /**
   * Acquires a slot for a caller until the returned function is called. Further calls of that function have no effect.
   *
   * @throws StatusError RESOURCE_EXHAUSTED with RetryInfo if the caller has no free slot.
   */
  take(caller: string): () => void {
    const taken = this.#taken.get(caller) ?? 0;
    if (taken >= this.#max) throw exhausted(this.#reason, this.#message(taken), RETRY_MS);
    this.#taken.set(caller, taken + 1);
    let isLeft = false;
    return () => {
      if (isLeft) return;
      isLeft = true;
      const left = (this.#taken.get(caller) ?? 1) - 1;
      if (left > 0) this.#taken.set(caller, left);
      else this.#taken.delete(caller);
    };
  }
}

const WINDOW_MS = 1000;

/** Events of one caller within a second. */
interface RateWindow {
  readonly endMs: number;
  count: number;
}

/** Rate limit per caller, in windows of a second that start with the first event. Windows that ended are forgotten. */
export class CallerRate {
  readonly #perSecond: number;
  readonly #message: string;
  readonly #now: () => number;
  /** In order of their end. */
  readonly #windows = new Map<string, RateWindow>();

  /** @param now - monotonic time, in milliseconds. */
  constructor(perSecond: number, message: string, now = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#message = message;
    this.#now = now;
  }

  /** Counts an event without checking the limit. */
  count(caller: string): void {
    this.#windowOf(caller).count += 1;
  }

  /** @throws StatusError RESOURCE_EXHAUSTED with RetryInfo if the caller has reached the limit. */
  assertBelow(caller: string): void {
    const window = this.#windows.get(caller);
    if (window && window.count >= this.#perSecond && window.endMs > this.#now()) throw this.#refusal(window);
  }

  /**
   * Counts an event.
   *
   * @throws StatusError RESOURCE_EXHAUSTED with RetryInfo if it exceeds the limit.
   */
  countOrRefuse(caller: string): void {
    const window = this.#windowOf(caller);
    window.count += 1;
    if (window.count > this.#perSecond) throw this.#refusal(window);
  }

  #windowOf(caller: string): RateWindow {
    const now = this.#now();
    for (const [ended, { endMs }] of this.#windows) {
      if (endMs > now) break;
      this.#windows.delete(ended);
    }
    const open = this.#windows.get(caller);
    if (open) return open;
    const window = { endMs: now + WINDOW_MS, count: 0 };
    this.#windows.set(caller, window);
    return window;
  }

  #refusal({ endMs }: RateWindow) {
    const leftMs = Math.max(1, Math.ceil(endMs - this.#now()));
    return exhausted('RATE_LIMIT_EXCEEDED', this.#message, leftMs);
  }
}

/** Creates a RESOURCE_EXHAUSTED error with RetryInfo. */
export function exhausted(reason: string, message: string, retryAfterMs: number): StatusError {
  return kitError(Code.RESOURCE_EXHAUSTED, reason, message, { retryAfterMs });
}
