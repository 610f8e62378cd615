import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Clock } from '../../core/clock.js';
import type { OperationRecord } from '../../stores/contract/operation-store.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { toOperation } from '../work/lifecycle.js';
import type { Waiters } from './waiters.js';

/** Calls `gone` once the caller has gone away, immediately if it already has. The returned function unsubscribes. */
export type WhenGone = (gone: (reason: unknown) => void) => () => void;

/** Dependencies that all waits of a service share. */
export interface WaitParts {
  readonly waiters: Waiters;
  readonly openWaits: OpenWaits;
  readonly telemetry: Telemetry | undefined;
  /** Reads the stored record; rejects if the operation does not exist or is deleted or expired. */
  readonly read: (name: string) => Promise<OperationRecord>;
  /** Returns a record that the store reported; throws if the operation is deleted or expired. */
  readonly found: (name: string, record: OperationRecord) => OperationRecord;
}

/** Parameters of one wait, and the callbacks that receive its outcome. */
export interface WaitTerms {
  readonly name: string;
  readonly limitMs: number;
  readonly whenGone: WhenGone;
  readonly resolve: (operation: Operation) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * One caller that waits for an operation to end. An idle wait is this object alone, without a suspended function, because
 * a server holds thousands of them.
 */
export class Wait {
  readonly #parts: WaitParts;
  readonly #terms: WaitTerms;
  readonly #unsubscribe: () => void;
  readonly #forgetCaller: (() => void) | undefined;
  #endObservation: (() => void) | undefined;
  #isReading = false;
  /** Set if the operation changed while it was being read. */
  #isStale = false;
  #isOpen = false;
  /** Set once the time is up: the next state that is read is the answer. */
  #isEnding: boolean;
  #isSettled = false;

  constructor(parts: WaitParts, terms: WaitTerms) {
    this.#parts = parts;
    this.#terms = terms;
    this.#isEnding = terms.limitMs === 0;
    // Subscribed before the first read, so that no change falls between the two (contract 24).
    this.#unsubscribe = parts.waiters.subscribe(terms.name, (record) => this.#changed(record));
    this.#forgetCaller = terms.whenGone((reason) => this.#fail(reason));
    if (!this.#isSettled) this.#read();
  }

  /** Answers with the latest state. */
  end(): void {
    this.#isEnding = true;
    if (!this.#isReading && !this.#isSettled) this.#read();
  }

  #changed(record: OperationRecord | undefined): void {
    // A result is final, so it is the answer even while an earlier state is being read.
    if (record && (record.result || !this.#isReading)) this.#applyReported(record);
    else if (this.#isReading) this.#isStale = true;
    else this.#read();
  }

  #applyReported(record: OperationRecord): void {
    try {
      this.#apply(this.#parts.found(this.#terms.name, record));
    } catch (error) {
      this.#fail(error);
    }
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      do {
        this.#isStale = false;
        this.#apply(await this.#parts.read(this.#terms.name));
      } while (!this.#isSettled && (this.#isStale || this.#isEnding));
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isReading = false;
    }
  }

  #apply(record: OperationRecord): void {
    if (this.#isSettled) return;
    if (record.result || this.#isEnding) {
      this.#settle();
      this.#terms.resolve(toOperation(record));
    } else if (!this.#isOpen) {
      this.#isOpen = true;
      this.#endObservation = this.#parts.telemetry?.wait();
      this.#parts.openWaits.add(this, this.#terms.limitMs);
    }
  }

  #fail(reason: unknown): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#terms.reject(reason);
  }

  #settle(): void {
    this.#isSettled = true;
    this.#unsubscribe();
    // Undefined if the caller had already gone when the wait began.
    this.#forgetCaller?.();
    this.#endObservation?.();
    this.#parts.openWaits.delete(this);
  }
}

/** Something to end at its deadline. */
export interface Endable {
  end(): void;
}

interface Deadline {
  readonly waits: Set<Endable>;
  readonly stopTimer: () => void;
}

/** Open waits by deadline. Waits that end in the same millisecond share one timer. */
export class OpenWaits {
  readonly #clock: Clock;
  readonly #deadlines = new Map<number, Deadline>();
  readonly #endTimes = new Map<Endable, number>();
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the wait after `limitMs`, or earlier when all waits are closed. */
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

  /** Ends all waits. Waits that are added later end immediately. */
  close(): void {
    this.#isClosed = true;
    for (const wait of [...this.#endTimes.keys()]) wait.end();
  }

  #newDeadline(at: number): Deadline {
    const waits = new Set<Endable>();
    const end = () => {
      // A timer may fire a fraction early: a wait added now for the same millisecond needs a new one.
      this.#deadlines.delete(at);
      for (const wait of [...waits]) wait.end();
    };
    const deadline = { waits, stopTimer: this.#clock.setTimer(end, at - this.#clock.now()) };
    this.#deadlines.set(at, deadline);
    return deadline;
  }
}
