import type { MaybePromise } from '../../core/maybe-promise.js';
import type {
  OperationRecord,
  OperationStore,
  SynchronousRecords,
} from '../../stores/contract/operation-store.js';
import { apply, type LifecycleEvent } from './lifecycle.js';
import type { ServedMethod } from './served-method.js';

/** What came of an event. */
export interface Committed {
  readonly record: OperationRecord;
  /** Whether the event changed the record. If not, the record is as it was found. */
  readonly changed: boolean;
}

/** Is told of a record that was changed here, and of what it was before. */
export type OnChange = (before: OperationRecord, after: OperationRecord) => void;

/** Makes things happen to stored operations, one at a time for each. */
export class Transitions {
  readonly #store: OperationStore;
  readonly #methods: ReadonlyMap<string, ServedMethod>;
  readonly #retentionMs: number;
  readonly #onChange: OnChange | undefined;

  constructor(
    store: OperationStore,
    methods: ReadonlyMap<string, ServedMethod>,
    retentionMs: number,
    onChange?: OnChange,
  ) {
    this.#onChange = onChange;
    this.#store = store;
    this.#methods = methods;
    this.#retentionMs = retentionMs;
  }

  /** The record after the event, as it would be stored; the very same record when nothing changes. */
  next(record: OperationRecord, event: LifecycleEvent): OperationRecord {
    const next = apply(record, event, this.#retentionMs);
    return mayBeUnsaid(record, next) ? (this.#methods.get(next.method)?.fill(next) ?? next) : next;
  }

  /**
   * Applies what `eventFor` says to the stored record, again on a newer one as long as somebody else was
   * faster. So of a completion and a cancellation one wins, in every store (contract 16).
   *
   * @param known - what the record was when it was last seen: most often it still is, and need not be read. An event
   * that leaves it as it is must do so to any later one too.
   * @returns undefined when there is no such record; no promise where the store has its records at hand.
   */
  commit(
    name: string,
    eventFor: (record: OperationRecord) => LifecycleEvent,
    known?: OperationRecord,
  ): MaybePromise<Committed | undefined> {
    const { sync } = this.#store;
    return sync ? this.#commitAtHand(sync, name, eventFor) : this.#commit(name, eventFor, known);
  }

  #commitAtHand(
    records: SynchronousRecords,
    name: string,
    eventFor: (record: OperationRecord) => LifecycleEvent,
  ): Committed | undefined {
    for (;;) {
      const record = records.get(name);
      if (!record) return undefined;
      const next = this.next(record, eventFor(record));
      if (next === record) return { record, changed: false };
      // Only codecs, and what they read, can have been faster.
      if (!records.compareAndSet(next, record.version)) continue;
      this.#onChange?.(record, next);
      return { record: next, changed: true };
    }
  }

  async #commit(
    name: string,
    eventFor: (record: OperationRecord) => LifecycleEvent,
    known?: OperationRecord,
  ): Promise<Committed | undefined> {
    for (let seen = known; ; seen = undefined) {
      const record = seen ?? (await this.#store.get(name));
      if (!record) return undefined;
      const next = this.next(record, eventFor(record));
      if (next === record) return { record, changed: false };
      if (await this.#store.compareAndSet(next, record.version)) {
        this.#onChange?.(record, next);
        return { record: next, changed: true };
      }
    }
  }
}

/**
 * Whether an event may have left the metadata without what the server says in it. An update that sets all fields must
 * not unsay that cancellation was requested; that work begins says nothing new.
 */
function mayBeUnsaid(before: OperationRecord, after: OperationRecord): boolean {
  return (
    before.metadata !== after.metadata ||
    before.endTime !== after.endTime ||
    (before !== after && after.cancelRequestTime !== undefined)
  );
}
