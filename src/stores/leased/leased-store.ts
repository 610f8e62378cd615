import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../core/clock.js';
import { Listeners } from '../../core/contain.js';
import { withDefaults } from '../../core/options.js';
import { reportListenerFailure, withSafeCallbacks } from '../contract/callback-failures.js';
import type {
  ChangeListener,
  ConsumeOptions,
  OperationRecord,
  OperationStore,
  UnfinishedCount,
  WorkConsumer,
  WorkHandler,
} from '../contract/operation-store.js';
import { LeasedWork } from './leased-work.js';
import type { RecordStore } from './record-store.js';
import { Repeat } from './repeat.js';

/** Options of {@link leasedStore}. */
export interface LeasedStoreOptions {
  /**
   * Time after which the work of a dead server is taken over, in milliseconds. The clocks of the servers must agree within a
   * third of it.
   *
   * @defaultValue 15000
   */
  readonly leaseMs?: number | undefined;
  /**
   * Interval in which a server looks for work and for changes by other servers, in milliseconds.
   *
   * @defaultValue 1000
   */
  readonly pollMs?: number | undefined;
  /** Source of time and timers. @defaultValue the system clock */
  readonly clock?: Clock | undefined;
}

const DEFAULTS = { leaseMs: 15_000, pollMs: 1000, clock: systemClock };

/**
 * Makes a store of records: adds the distribution of work by leases, the takeover of the work of dead servers, and the
 * notification of changes. Any number of servers may share the records.
 *
 * @throws TypeError if `leaseMs` or `pollMs` is not a positive number.
 *
 * @example
 * ```ts
 * const operations = createOperations({ store: leasedStore(new JournalRecords('operations.journal')), methods });
 * ```
 */
export function leasedStore(records: RecordStore, options: LeasedStoreOptions = {}): OperationStore {
  const settings = withDefaults(DEFAULTS, options);
  for (const option of ['leaseMs', 'pollMs'] as const) {
    const value: unknown = settings[option];
    if (typeof value === 'number' && value > 0 && Number.isFinite(value)) continue;
    throw new TypeError(`option ${option} is ${String(value)}: give milliseconds, more than 0`);
  }
  return new LeasedStore(records, settings);
}

class LeasedStore implements OperationStore {
  readonly durable: boolean;
  readonly ready: OperationStore['ready'];
  readonly checkWritable?: () => Promise<void>;
  readonly secret?: () => Promise<Uint8Array>;
  readonly get: OperationStore['get'];
  readonly findByRequestId: OperationStore['findByRequestId'];
  readonly list: OperationStore['list'];
  readonly unfinishedMethods: OperationStore['unfinishedMethods'];
  readonly countUnfinished?: (limit: number) => Promise<readonly UnfinishedCount[]>;
  readonly #records: RecordStore;
  readonly #settings: typeof DEFAULTS;
  readonly #listeners = new Listeners<Parameters<ChangeListener>>(reportListenerFailure);
  #work: LeasedWork | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(records: RecordStore, settings: typeof DEFAULTS) {
    this.#records = records;
    this.#settings = settings;
    this.durable = records.durable ?? false;
    this.ready = () => records.ready();
    if (records.checkWritable) this.checkWritable = records.checkWritable.bind(records);
    if (records.secret) this.secret = records.secret.bind(records);
    this.get = (name) => records.get(name);
    this.findByRequestId = (key) => records.findByRequestId(key);
    this.list = (query) => records.list(query);
    this.unfinishedMethods = () => records.unfinishedMethods();
    if (records.countUnfinished) this.countUnfinished = records.countUnfinished.bind(records);
  }

  async create(record: OperationRecord): Promise<OperationRecord> {
    const kept = await this.#records.create(record);
    if (kept.name === record.name && !kept.result) this.#work?.wake();
    return kept;
  }

  async compareAndSet(record: OperationRecord, expectedVersion: number): Promise<boolean> {
    const changed = await this.#records.compareAndSet(record, expectedVersion);
    if (changed) this.#listeners.notify(record.name, record);
    return changed;
  }

  async delete(name: string): Promise<boolean> {
    const deleted = await this.#records.delete(name);
    if (deleted) this.#listeners.notify(name);
    return deleted;
  }

  async deleteExpired(now: number, limit: number): Promise<number> {
    const count = await this.#records.deleteExpired(now, limit);
    if (count > 0) this.#listeners.notify();
    return count;
  }

  watch(listener: ChangeListener): () => void {
    this.#stopWatching ??= this.#watchOthers();
    return this.#listeners.add(listener);
  }

  consume(handler: WorkHandler, options: ConsumeOptions): WorkConsumer {
    this.#work = new LeasedWork({
      ...withSafeCallbacks(options),
      ...this.#settings,
      handler,
      records: this.#records,
      holder: randomUUID(),
    });
    return this.#work;
  }

  async close(): Promise<void> {
    this.#stopWatching?.();
    this.#listeners.clear();
    await this.#work?.close();
    await this.#records.close();
  }

  /** Reports changes by other servers. */
  #watchOthers(): () => void {
    const notify: ChangeListener = (name, record) => this.#listeners.notify(name, record);
    if (this.#records.watch) return this.#records.watch(notify);
    const { clock, pollMs } = this.#settings;
    // Everything of interest is read again.
    const polling = new Repeat(clock, pollMs, async () => notify());
    return () => polling.stop();
  }
}
