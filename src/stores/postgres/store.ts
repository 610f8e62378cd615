import { randomUUID } from 'node:crypto';
import { monotonicClock } from '../../core/clock.js';
import { Listeners } from '../../core/contain.js';
import { Code, invalidField, quoted, StatusError } from '../../core/status.js';
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
import { nameTaken, storeClosed } from '../contract/store-error.js';
import { recordOf, rowOf } from '../sql/operation-row.js';
import { readPage } from '../sql/read-page.js';
import { SETTING, secretMissing } from '../sql/shared-settings.js';
import { Batches, type RowWrite } from './batches.js';
import { Consumption } from './consumption.js';
import { Listener } from './listener.js';
import { LOCKED, type LockRetry, untilUnlocked } from './locked-rows.js';
import { formatNotice, type Notice, noticePrefix } from './notice.js';
import { type PostgresSettings, type PostgresStoreOptions, settingsFrom } from './options.js';
import { repeat } from './repeat.js';
import { Scan } from './scan.js';
import { notify, openSession, type Session } from './session.js';
import { changeRows, createRows, type RowChange, Writability } from './writes.js';

/** Poll interval while notifications do not arrive. */
const UNNOTIFIED_POLL_MS = 1000;

const UNNOTIFIED =
  'notifications of PostgreSQL do not arrive: connections seem to go through a pooler that does not keep sessions, such as ' +
  `PgBouncer in transaction mode. Changes by other servers are polled every ${UNNOTIFIED_POLL_MS} ms; set listenConnectionString ` +
  '(--store-listen) to the address of PostgreSQL itself';

/**
 * Stores operations in PostgreSQL for any number of servers. Each server answers for all operations, and the work of
 * a server that dies is taken over by another. Requires the packages `pg` and `pg-boss`.
 *
 * @throws TypeError if an option is invalid.
 *
 * @example
 * ```ts
 * const store = postgresStore({ connectionString: 'postgres://user:password@host/database' });
 * const operations = createOperations({ store, methods: [exportReport] });
 * await operations.ready();
 * ```
 */
export function postgresStore(options: PostgresStoreOptions): OperationStore {
  return new PostgresStore(settingsFrom(options));
}

class PostgresStore implements OperationStore {
  readonly durable = true;
  readonly #settings: PostgresSettings;
  readonly #id = randomUUID();
  readonly #listeners = new Listeners<Parameters<ChangeListener>>(reportListenerFailure);
  readonly #writability = new Writability();
  readonly #creations: Batches<RowWrite>;
  readonly #changes: Batches<RowChange>;
  readonly #lockRetry: LockRetry;
  readonly #closed = new AbortController();
  #session: Promise<Session> | undefined;
  #listener: Listener | undefined;
  #consumption: Consumption | undefined;
  #stopPolling = async () => {};
  #stopFrequentPolling = async () => {};
  #isUnnotified = false;
  #onError: (error: unknown) => void = () => {};
  #onWarning: (message: string) => void = () => {};

  constructor(settings: PostgresSettings) {
    this.#settings = settings;
    this.#lockRetry = {
      timeoutMs: settings.queryTimeoutMs,
      clock: monotonicClock,
      signal: this.#closed.signal,
    };
    this.#creations = new Batches({
      ...this.#lockRetry,
      writeAll: (writes) =>
        this.#writability.observe(async () => createRows(await this.#opened(), this.#prefix('work'), writes)),
    });
    this.#changes = new Batches({
      ...this.#lockRetry,
      writeAll: (changes) =>
        this.#writability.observe(async () =>
          changeRows(await this.#opened(), this.#prefix('changed'), changes),
        ),
    });
  }

  async ready(): Promise<void> {
    await this.#opened();
  }

  async checkWritable(): Promise<void> {
    await this.#writability.check(await this.#opened());
  }

  async secret(): Promise<Uint8Array> {
    const { database, sql } = await this.#opened();
    const { rows } = await database.query(sql.readSetting, [SETTING.secret]);
    if (!rows[0]) throw secretMissing();
    return Buffer.from(rows[0].value, 'hex');
  }

  async create(record: OperationRecord): Promise<OperationRecord> {
    const { requestId, method } = record;
    if (requestId?.includes('\0')) {
      throw invalidField('request_id', `request id ${quoted(requestId)} contains a NUL character: remove it`);
    }
    const { jobs } = await this.#opened();
    if (!record.result) await jobs.prepare(method);
    const row = rowOf(record);
    for (;;) {
      if (await this.#creations.add({ row })) {
        this.#consumption?.wake(method);
        return record;
      }
      const earlier =
        requestId === undefined ? undefined : await this.findByRequestId({ ...record, requestId });
      if (earlier) return earlier;
      // Neither exists: the conflicting row has been deleted since.
      if (await this.get(record.name)) throw nameTaken(record.name);
    }
  }

  async get(name: string): Promise<OperationRecord | undefined> {
    return await this.#one(({ sql }) => sql.get, [name]);
  }

  async findByRequestId({ method, parent, requestId }: RequestKey): Promise<OperationRecord | undefined> {
    return await this.#one(({ sql }) => sql.findByRequestId, [method, parent, requestId]);
  }

  async compareAndSet(record: OperationRecord, expectedVersion: number): Promise<boolean> {
    const changed = await this.#changes.add({ row: rowOf(record), expectedVersion });
    if (changed) this.#changed(record.name, record);
    return changed;
  }

  async delete(name: string): Promise<boolean> {
    const { database, sql, channel } = await this.#opened();
    const notice = formatNotice(this.#notice('changed', name));
    const attempt = async () => {
      const { rows } = await database.query(sql.delete, [name, channel, notice]);
      return rows[0]?.written === false ? LOCKED : rows.length > 0;
    };
    const first = await attempt();
    const deleted = first === LOCKED ? await untilUnlocked(attempt, { ...this.#lockRetry, name }) : first;
    if (deleted) this.#changed(name);
    return deleted;
  }

  async list(query: ListQuery): Promise<ListPage> {
    const { database, table } = await this.#opened();
    return await readPage(query, new Scan(database, table, query));
  }

  async deleteExpired(now: number, limit: number): Promise<number> {
    const { database, sql, channel } = await this.#opened();
    const { rows } = await database.query(sql.deleteExpired, [
      Math.floor(now),
      limit,
      channel,
      this.#prefix('changed'),
    ]);
    for (const { name } of rows) this.#changed(name);
    return rows.length;
  }

  async unfinishedMethods(): Promise<readonly string[]> {
    const { database, sql } = await this.#opened();
    const { rows } = await database.query(sql.unfinishedMethods);
    return rows.map(({ method }) => method);
  }

  async countUnfinished(limit: number): Promise<readonly UnfinishedCount[]> {
    const { database, sql } = await this.#opened();
    const { rows } = await database.query(sql.countUnfinished, [limit]);
    return rows.map(({ method, state, count }) => ({ method, state, count: Number(count) }));
  }

  watch(listener: ChangeListener): () => void {
    const stop = this.#listeners.add(listener);
    // Watchers must be notified without calling anything else first.
    this.#opened().catch(this.#onError);
    return stop;
  }

  consume(handler: WorkHandler, given: ConsumeOptions): WorkConsumer {
    const options = withSafeCallbacks(given);
    const { onError, onWarning = () => {} } = options;
    this.#onError = onError;
    this.#onWarning = onWarning;
    if (this.#isUnnotified) onWarning(UNNOTIFIED);
    this.#consumption = new Consumption({
      ...options,
      ...this.#settings,
      handler,
      open: () => this.#opened(),
      workNotice: (method) => this.#notice('work', method),
    });
    return this.#consumption;
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(storeClosed());
    this.#listeners.clear();
    this.#consumption?.stop();
    const session = await this.#session?.catch(() => undefined);
    await this.#consumption?.close();
    await this.#stopPolling();
    await this.#listener?.close();
    await this.#stopFrequentPolling();
    await session?.jobs.close();
    await session?.pools.close();
  }

  /** Opens the session on first use. The next call opens it again if the database was unavailable. */
  async #opened(): Promise<Session> {
    this.#closed.signal.throwIfAborted();
    this.#session ??= this.#open();
    const opening = this.#session;
    try {
      return await opening;
    } catch (error) {
      const mayPass = StatusError.from(error).code === Code.UNAVAILABLE;
      if (mayPass && this.#session === opening) this.#session = undefined;
      throw error;
    }
  }

  async #open(): Promise<Session> {
    const session = await openSession(this.#settings, (error) => this.#onError(error));
    this.#listener = new Listener({
      connect: () => session.pools.listening.connect(),
      channel: session.channel,
      sendEcho: (subject) => notify(session, session.database, [this.#notice('echo', subject)]),
      onNotice: (notice) => this.#onNotice(notice),
      onGap: () => this.#onMissed(),
      onDelivery: (receives) => this.#pollInstead(!receives),
      onError: (error) => this.#onError(error),
      clock: monotonicClock,
    });
    this.#stopPolling = repeat(this.#settings.watchPollMs, async () => this.#changed());
    return session;
  }

  /** Polls frequently while notices do not arrive. */
  #pollInstead(isUnnotified: boolean): void {
    this.#isUnnotified = isUnnotified;
    void this.#stopFrequentPolling();
    if (!isUnnotified) return;
    this.#stopFrequentPolling = repeat(UNNOTIFIED_POLL_MS, async () => this.#onMissed());
    this.#onWarning(UNNOTIFIED);
  }

  #onNotice({ sender, kind, subject }: Notice): void {
    if (sender === this.#id) return;
    switch (kind) {
      case 'echo':
        break;
      case 'changed':
        this.#changed(subject);
        break;
      case 'work':
        this.#consumption?.wake(subject);
        break;
    }
  }

  #onMissed(): void {
    this.#changed();
    this.#consumption?.wake();
  }

  #changed(name?: string, record?: OperationRecord): void {
    this.#listeners.notify(name, record);
  }

  #notice(kind: Notice['kind'], subject: string): Notice {
    return { sender: this.#id, kind, subject };
  }

  #prefix(kind: Notice['kind']): string {
    return noticePrefix({ sender: this.#id, kind });
  }

  async #one(
    sql: (session: Session) => string,
    values: readonly string[],
  ): Promise<OperationRecord | undefined> {
    // PostgreSQL can neither store nor compare text with NUL characters.
    if (values.some((value) => value.includes('\0'))) return undefined;
    const session = await this.#opened();
    const { rows } = await session.database.query(sql(session), [...values]);
    return rows[0] && recordOf(rows[0]);
  }
}
