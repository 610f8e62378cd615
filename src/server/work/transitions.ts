import type { OperationRecord, OperationStore } from '../../stores/contract/operation-store.js';
import { apply, type LifecycleEvent } from './lifecycle.js';
import type { ServedMethod } from './served-method.js';

/** Result of committing an event. */
export interface Committed {
  readonly record: OperationRecord;
  /** True if the event changed the record. */
  readonly changed: boolean;
}

/** Notified of a record that this server changed, with its previous state. */
export type OnChange = (before: OperationRecord, after: OperationRecord) => void;

/** Commits lifecycle events to stored operations with compare-and-set. */
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

  /** Returns the record after the event, as it would be stored; the same object if nothing changes. */
  next(record: OperationRecord, event: LifecycleEvent): OperationRecord {
    const next = apply(record, event, this.#retentionMs);
    return mayLackFacts(record, next) ? (this.#methods.get(next.method)?.fill(next) ?? next) : next;
  }

  /**
   * Applies the event that `eventFor` returns to the stored record. If another writer was faster, it is applied again to the
   * newer record. So exactly one of a completion and a cancellation wins, in every store (contract 16).
   *
   * @param known - latest known state of the record, which saves a read if it is still current. An event that does not change
   * it must not change any later state either.
   * @returns undefined if there is no such record.
   */
  async commit(
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
 * Returns true if the metadata may lack facts that the server fills in. An update that sets all fields must not hide a cancel
 * request; a start adds no facts.
 */
function mayLackFacts(before: OperationRecord, after: OperationRecord): boolean {
  return (
    before.metadata !== after.metadata ||
    before.endTime !== after.endTime ||
    (before !== after && after.cancelRequestTime !== undefined)
  );
}
