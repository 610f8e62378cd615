import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Clock } from '../../core/clock.js';
import type { OperationRecord } from '../../stores/contract/operation-store.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { toOperation } from '../work/lifecycle.js';
import type { Waiters } from './waiters.js';

/** Calls `gone` once the caller has gone away, at once if it has; the function returned takes that back. */
export type WhenGone = (gone: (reason: unknown) => void) => () => void;

/** What all waits of a service work with. */
export interface WaitParts {
  readonly waiters: Waiters;
  readonly openWaits: OpenWaits;
  readonly telemetry: Telemetry | undefined;
  /** The stored record; rejects when nobody is to find it. */
  readonly read: (name: string) => Promise<OperationRecord>;
  /** The record that was told; throws when nobody is to find it. */
  readonly found: (name: string, record: OperationRecord) => OperationRecord;
}

/** What is waited for, how long, and who is told. */
export interface WaitTerms {
  readonly name: string;
  readonly limitMs: number;
  readonly whenGone: WhenGone;
  readonly resolve: (operation: Operation) => void;
  readonly reject: (reason: unknown) => void;
}

/** What one wait is told: the record as it became, or that it is to be read. */
type News = OperationRecord | 'unread';

/**
 * One caller that waits for an operation to end. While nothing happens there is this object and no function of it
 * under way, for thousands wait at once.
 */
export class Wait {
  readonly #parts: WaitParts;
  readonly #terms: WaitTerms;
  readonly #unsubscribe: () => void;
  readonly #forgetCaller: (() => void) | undefined;
  #tellLeft: (() => void) | undefined;
  #news: News | undefined;
  #isReading = false;
  #isOpen = false;
  /** Whether the time is up: the next state that is seen is the answer. */
  #isEnding: boolean;
  #isSettled = false;

  constructor(parts: WaitParts, terms: WaitTerms) {
    this.#parts = parts;
    this.#terms = terms;
    this.#isEnding = terms.limitMs === 0;
    // Subscribed before the first read, so that no change falls between the two (contract 24).
    this.#unsubscribe = parts.waiters.subscribe(terms.name, (record) => this.#wake(record));
    this.#forgetCaller = terms.whenGone((reason) => this.#fail(reason));
    if (!this.#isSettled) this.#read();
  }

  /** Answers with the latest state. */
  end(): void {
    this.#isEnding = true;
    if (!this.#isReading && !this.#isSettled) this.#read();
  }

  #wake(record: OperationRecord | undefined): void {
    this.#news = latest(this.#news, record ?? 'unread');
    if (!this.#isReading) this.#heed();
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      const record = await this.#parts.read(this.#terms.name);
      this.#isReading = false;
      this.#heed(record);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Goes by what was told meanwhile, or else by what was read. */
  #heed(read?: OperationRecord): void {
    if (this.#isSettled) return;
    const news = this.#news;
    this.#news = undefined;
    const isTold = news !== undefined && news !== 'unread' && !read?.result;
    try {
      const record = isTold ? this.#parts.found(this.#terms.name, news) : read;
      if (record && (record.result || this.#isEnding)) this.#answer(record);
      else if (news === 'unread') this.#read();
      else this.#open();
    } catch (error) {
      this.#fail(error);
    }
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#tellLeft = this.#parts.telemetry?.wait();
    this.#parts.openWaits.add(this, this.#terms.limitMs);
  }

  #answer(record: OperationRecord): void {
    this.#leave();
    this.#terms.resolve(toOperation(record));
  }

  #fail(reason: unknown): void {
    if (this.#isSettled) return;
    this.#leave();
    this.#terms.reject(reason);
  }

  #leave(): void {
    this.#isSettled = true;
    this.#unsubscribe();
    // Not there yet when the caller had gone before.
    this.#forgetCaller?.();
    this.#tellLeft?.();
    this.#parts.openWaits.delete(this);
  }
}

/** Of what is told at the same time, what must not be missed: a record may be told after a later one. */
function latest(earlier: News | undefined, later: News): News {
  if (earlier === undefined || later === 'unread') return later;
  return earlier === 'unread' || earlier.version > later.version ? earlier : later;
}

/** What is ended when its time is up. */
export interface Endable {
  end(): void;
}

interface Deadline {
  readonly waits: Set<Endable>;
  readonly stopTimer: () => void;
}

/** The waits that are open. Those whose time is up in the same millisecond share one timer. */
export class OpenWaits {
  readonly #clock: Clock;
  readonly #deadlines = new Map<number, Deadline>();
  readonly #endTimes = new Map<Endable, number>();
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has a wait end in so many milliseconds, or when all do. */
  add(wait: Endable, limitMs: number): void {
    if (this.#isClosed) {
      wait.end();
      return;
    }
    const at = Math.ceil(this.#clock.now() + limitMs);
    const deadline = this.#deadlines.get(at) ?? this.#newDeadline(at);
    deadline.waits.add(wait);
    this.#endTimes.set(wait, at);
  }

  delete(wait: Endable): void {
    const at = this.#endTimes.get(wait);
    if (at === undefined) return;
    this.#endTimes.delete(wait);
    const deadline = this.#deadlines.get(at);
    if (!deadline?.waits.delete(wait) || deadline.waits.size > 0) return;
    deadline.stopTimer();
    this.#deadlines.delete(at);
  }

  /** Ends all, and from now on each at once. */
  close(): void {
    this.#isClosed = true;
    for (const wait of [...this.#endTimes.keys()]) wait.end();
  }

  #newDeadline(at: number): Deadline {
    const waits = new Set<Endable>();
    const end = () => {
      // A timer may go early by a fraction: who comes now for the same millisecond needs another.
      this.#deadlines.delete(at);
      for (const wait of [...waits]) wait.end();
    };
    const made = { waits, stopTimer: this.#clock.setTimer(end, at - this.#clock.now()) };
    this.#deadlines.set(at, made);
    return made;
  }
}
