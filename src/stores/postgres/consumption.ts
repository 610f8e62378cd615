import { Backoff } from '../../core/backoff.js';
import { monotonicClock } from '../../core/clock.js';
import { sleep } from '../../core/signals.js';
import { Code, StatusError } from '../../core/status.js';
import type { ConsumeOptions, WorkConsumer, WorkHandler } from '../contract/operation-store.js';
import { recordOf } from '../sql/operation-row.js';
import { Dispatcher } from './dispatcher.js';
import { Leases } from './leases.js';
import { LOCK_TIMEOUT_MS } from './locked-rows.js';
import type { Notice } from './notice.js';
import { RECONNECT_BACKOFF, repeat } from './repeat.js';
import { notify, type Session } from './session.js';

/** Interval of deleting completed jobs. */
const TIDY_MS = 30_000;

/** Dependencies and intervals of a consumption. */
export interface ConsumptionOptions extends ConsumeOptions {
  readonly handler: WorkHandler;
  readonly open: () => Promise<Session>;
  /** Builds the notice that a method has work. */
  readonly workNotice: (method: string) => Notice;
  readonly leaseMs: number;
  readonly workPollMs: number;
  readonly reconcileMs: number;
}

/** Consumes work on behalf of one server, from the time the database is available until it is closed. */
export class Consumption implements WorkConsumer {
  readonly #options: ConsumptionOptions;
  readonly #stopped = new AbortController();
  readonly #running: Promise<Running | undefined>;
  #dispatcher: Dispatcher | undefined;

  constructor(options: ConsumptionOptions) {
    this.#options = options;
    this.#running = this.#start();
  }

  /** Checks for work of one method, or of all methods. */
  wake(method?: string): void {
    this.#dispatcher?.wake(method);
  }

  stop(): void {
    this.#stopped.abort();
    this.#dispatcher?.stop();
  }

  async close(): Promise<void> {
    this.stop();
    const running = await this.#running;
    if (!running) return;
    await running.dispatcher.close();
    await Promise.all(running.ends.map((end) => end()));
  }

  async #start(): Promise<Running | undefined> {
    const session = await this.#open();
    if (!session || this.#stopped.signal.aborted) return undefined;
    const { leaseMs, workPollMs, reconcileMs, onError } = this.#options;
    const { jobs } = session;
    const leases = new Leases({
      jobs,
      leaseMs,
      clock: monotonicClock,
      onLapsed: () => this.wake(),
      onError,
    });
    const dispatcher = this.#dispatch(session, leases);
    this.#dispatcher = dispatcher;
    const stopPolling = repeat(workPollMs, async () => dispatcher.wake());
    const stopReconciling = repeat(reconcileMs, () => this.#reconcile(session));
    const stopTidying = repeat(TIDY_MS, () => jobs.tidy().catch(onError));
    return { dispatcher, ends: [stopPolling, stopReconciling, stopTidying, leases.close] };
  }

  /** Resolves to the session once the database is available; to undefined if it never will be. */
  async #open(): Promise<Session | undefined> {
    const { signal } = this.#stopped;
    const backoff = new Backoff(RECONNECT_BACKOFF);
    while (!signal.aborted) {
      try {
        return await this.#options.open();
      } catch (error) {
        this.#options.onError(error);
        if (StatusError.from(error).code !== Code.UNAVAILABLE) return undefined;
      }
      await sleep(backoff.next(), signal).catch(() => {});
    }
    return undefined;
  }

  #dispatch(session: Session, leases: Leases): Dispatcher {
    const { database, jobs, sql } = session;
    return new Dispatcher({
      ...this.#options,
      jobs,
      leases,
      read: async (names) => {
        const { rows } = await database.query(sql.getMany, [[...names]]);
        return new Map(rows.map(recordOf).map((record) => [record.name, record]));
      },
      release: async (method, claims) => {
        await database.transaction({ lock_timeout: LOCK_TIMEOUT_MS }, async (queries) => {
          await jobs.release(queries, method, claims);
          await notify(session, queries, [this.#options.workNotice(method)]);
        });
        // A server ignores its own notices.
        this.wake(method);
      },
    });
  }

  async #reconcile(session: Session): Promise<void> {
    try {
      await reconcile(session, this.#options.workNotice);
      this.wake();
    } catch (error) {
      this.#options.onError(error);
    }
  }
}

interface Running {
  readonly dispatcher: Dispatcher;
  readonly ends: readonly (() => Promise<void>)[];
}

const BATCH = 1000;

/**
 * Adds a job for each unfinished operation without one. Normally every operation has one. This is a safety net for
 * jobs that were deleted by hand, restored from an older backup than the operations, or lost to an unknown fault. One
 * server at a time reconciles, in small transactions.
 */
export async function reconcile(session: Session, workNotice: (method: string) => Notice): Promise<void> {
  const { rows } = await session.database.query(session.sql.unfinishedMethods);
  for (const { method } of rows) {
    await session.jobs.prepare(method);
    for (let after: string | undefined = '0'; after !== undefined; ) {
      after = await reconcileBatch(session, workNotice(method), after);
    }
  }
}

/**
 * Resolves to the sequence after which the next batch begins; undefined at the end, or if another server is
 * reconciling.
 */
async function reconcileBatch(session: Session, notice: Notice, after: string): Promise<string | undefined> {
  const { database, jobs, sql, channel } = session;
  const method = notice.subject;
  return await database.transaction({ lock_timeout: LOCK_TIMEOUT_MS }, async (queries) => {
    const lock = 'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked';
    const { rows: locks } = await queries.query(lock, [`longrunning reconciliation ${channel}`]);
    if (!locks[0].locked) return undefined;
    const { rows } = await queries.query(sql.unfinished, [method, after, BATCH]);
    const names = rows.map(({ name }) => name);
    const added = names.length > 0 ? await jobs.add(queries, method, names) : 0;
    if (added > 0) await notify(session, queries, [notice]);
    return rows.length === BATCH ? rows[BATCH - 1].sequence : undefined;
  });
}
