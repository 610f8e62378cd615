import type { DatabaseSync } from 'node:sqlite';
import { Listeners } from '../../core/contain.js';
import { withDefaults } from '../../core/options.js';
import { reportListenerFailure, withSafeCallbacks } from '../contract/callback-failures.js';
import type {
  ChangeListener,
  ConsumeOptions,
  ListPage,
  ListQuery,
  OperationRecord,
  OperationStore,
  RequestKey,
  UnfinishedCount,
  WorkConsumer,
  WorkHandler,
} from '../contract/operation-store.js';
import { storeClosed } from '../contract/store-error.js';
import { WorkQueue } from '../contract/work-queue.js';
import { SETTING, secretMissing } from '../sql/shared-settings.js';
import { GroupCommit } from './group-commit.js';
import { IN_MEMORY, type OpenDatabase, openDatabase, recordHolder } from './open-database.js';
import { OperationsTable } from './operations-table.js';
import { storeError } from './sqlite-error.js';

/** Options of {@link sqliteStore}. */
export interface SqliteStoreOptions {
  /**
   * Durability of acknowledged changes.
   *
   * - `'full'`: they survive a loss of power, at the cost of one fsync for the changes of each turn of the event
   *   loop.
   * - `'normal'`: they survive any end of the process. If the machine loses power or its kernel fails, the last
   *   acknowledged changes may be lost; the file stays sound.
   *
   * @defaultValue 'full'
   */
  readonly synchronous?: 'full' | 'normal' | undefined;
  /**
   * Extent of the integrity check at open: `'quick'` reads every page of the file, `'full'` also compares every index
   * with its table, `'off'` checks nothing.
   *
   * @defaultValue 'quick'
   */
  readonly integrityCheck?: 'quick' | 'full' | 'off' | undefined;
}

const DEFAULTS = { synchronous: 'full', integrityCheck: 'quick' } as const;

/**
 * Stores operations in a local file for one process at a time (`node:sqlite`). Acknowledged changes survive the
 * process. At the next start queued work runs, and interrupted work is resumed or ended, as its method defines.
 *
 * The file is opened immediately. If that fails, `ready` and all other methods of the store reject with the reason.
 *
 * @param path - path of the file, which is created if necessary; `':memory:'` for a database that ends with the
 * store.
 * @throws TypeError if the path is empty.
 *
 * @example
 * ```ts
 * const operations = createOperations({ store: sqliteStore('operations.db'), methods: [exportReport] });
 * await operations.ready();
 * ```
 */
export function sqliteStore(path: string, options: SqliteStoreOptions = {}): OperationStore {
  if (path === '') throw new TypeError("path is empty: name a file, or ':memory:'");
  const settings = withDefaults(DEFAULTS, options);
  return new SqliteStore(() => openDatabase(path, settings), path !== IN_MEMORY);
}

/** Resources of an open store. */
interface Opened extends OpenDatabase {
  readonly table: OperationsTable;
  readonly writes: GroupCommit;
}

class SqliteStore implements OperationStore {
  readonly durable: boolean;
  readonly #listeners = new Listeners<Parameters<ChangeListener>>(reportListenerFailure);
  readonly #queue = new WorkQueue();
  /** Returns the open resources; throws if the store cannot be used. */
  #opened: () => Opened;
  /** Methods whose work is consumed. */
  #consumed: ReadonlySet<string> = new Set();

  constructor(open: () => OpenDatabase, durable: boolean) {
    this.durable = durable;
    try {
      const opened = open();
      const { database } = opened;
      const table = new OperationsTable(database);
      const check = () => opened.file?.check();
      const all = { ...opened, table, writes: new GroupCommit(database, reportListenerFailure, check) };
      this.#opened = () => all;
    } catch (error) {
      this.#opened = () => {
        throw error;
      };
    }
  }

  async ready(): Promise<void> {
    this.#opened();
  }

  create(record: OperationRecord): Promise<OperationRecord> {
    return this.#write(
      (table) => table.insert(record),
      (kept) => {
        const isNew = kept === record && !record.result;
        if (isNew && this.#consumed.has(record.method)) this.#queue.push(record.name, record.method);
      },
    );
  }

  checkWritable(): Promise<void> {
    return this.#write(
      (_table, database) => recordHolder(database),
      () => {},
    );
  }

  async secret(): Promise<Uint8Array> {
    const secret = await this.#read((table) => table.setting(SETTING.secret));
    if (secret === undefined) throw secretMissing();
    return Buffer.from(secret, 'hex');
  }

  get(name: string): Promise<OperationRecord | undefined> {
    return this.#read((table) => table.byName(name));
  }

  findByRequestId(key: RequestKey): Promise<OperationRecord | undefined> {
    return this.#read((table) => table.byRequest(key));
  }

  compareAndSet(record: OperationRecord, expectedVersion: number): Promise<boolean> {
    return this.#write(
      (table) => table.replace(record, expectedVersion),
      (replaced) => replaced && this.#tell(record.name, record),
    );
  }

  delete(name: string): Promise<boolean> {
    return this.#write(
      (table) => table.delete(name),
      (deleted) => deleted && this.#tell(name),
    );
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#read((table) => table.list(query));
  }

  async deleteExpired(now: number, limit: number): Promise<number> {
    const names = await this.#write(
      (table) => table.deleteExpired(now, limit),
      (deleted) => {
        for (const name of deleted) this.#tell(name);
      },
    );
    return names.length;
  }

  unfinishedMethods(): Promise<readonly string[]> {
    return this.#read((table) => table.unfinishedMethods());
  }

  countUnfinished(limit: number): Promise<readonly UnfinishedCount[]> {
    return this.#read((table) => table.countUnfinished(limit));
  }

  watch(listener: ChangeListener): () => void {
    return this.#listeners.add(listener);
  }

  consume(handler: WorkHandler, given: ConsumeOptions): WorkConsumer {
    const options = withSafeCallbacks(given);
    const consumer = this.#queue.consume(async (name) => {
      const record = await this.get(name);
      return record && !record.result ? handler(record) : 'ended';
    }, options);
    const queueLeft = (methods: ReadonlySet<string>) => {
      try {
        for (const { name, method } of this.#opened().table.unfinished(methods))
          this.#queue.push(name, method);
      } catch (error) {
        options.onError(storeError(error));
      }
    };
    queueLeft(options.methods);
    // From here on new records are queued once they are durable: none is missed or queued twice.
    this.#consumed = options.methods;
    return { ...consumer, added: (method) => queueLeft(new Set([method])) };
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = () => {
      throw storeClosed();
    };
    this.#queue.clear();
    this.#listeners.clear();
    let open: Opened;
    try {
      open = opened();
    } catch {
      // It could not be opened, or is already closed.
      return;
    }
    open.writes.flush();
    open.close();
  }

  async #read<Result>(read: (table: OperationsTable) => Result): Promise<Awaited<Result>> {
    try {
      const { table, file } = this.#opened();
      file?.checkForRead();
      return await read(table);
    } catch (error) {
      // The store may have been closed between two batches of a listing.
      this.#opened();
      throw storeError(error);
    }
  }

  async #write<Result>(
    change: (table: OperationsTable, database: DatabaseSync) => Result,
    committed: (result: Result) => void,
  ): Promise<Awaited<Result>> {
    try {
      const { table, database, writes } = this.#opened();
      return await writes.write(() => change(table, database), committed);
    } catch (error) {
      throw storeError(error);
    }
  }

  #tell(name: string, record?: OperationRecord): void {
    this.#listeners.notify(name, record);
  }
}
