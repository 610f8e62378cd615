import { monotonicClock } from '../../core/clock.js';
import { Code, StatusError } from '../../core/status.js';
import type { ConsumeOptions, WorkConsumer, WorkHandler } from '../contract/operation-store.js';
import { recordOf } from '../sql/operation-row.js';
import { Dispatcher } from './dispatcher.js';
import { Leases } from './leases.js';
import type { Notice } from './notice.js';
import { Pause } from './pause.js';
import { reconcile } from './reconciliation.js';
import { repeat } from './repeat.js';
import { notify, type Session } from './session.js';

/** How often jobs that are done are deleted. */
const TIDY_MS = 30_000;

/** What consumption is made of. */
export interface ConsumptionOptions extends ConsumeOptions {
  readonly handler: WorkHandler;
  readonly open: () => Promise<Session>;
  /** Tells that there is work of a method. */
  readonly workNotice: (method: string) => Notice;
  readonly leaseMs: number;
  readonly workPollMs: number;
  readonly reconcileMs: number;
}

/** All that a server does for the sake of the work: from the moment that the database can be used, until it is closed. */
export class Consumption implements WorkConsumer {
  readonly #options: ConsumptionOptions;
  readonly #stopped = new AbortController();
  readonly #running: Promise<Running | undefined>;
  #dispatcher: Dispatcher | undefined;

  constructor(options: ConsumptionOptions) {
    this.#options = options;
    this.#running = this.#start();
  }

  /** There may be work of a method, or of any. */
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

  /** The session, as soon as there can be one; undefined when there never will. */
  async #open(): Promise<Session | undefined> {
    const { signal } = this.#stopped;
    const pause = new Pause();
    while (!signal.aborted) {
      try {
        return await this.#options.open();
      } catch (error) {
        this.#options.onError(error);
        if (StatusError.from(error).code !== Code.UNAVAILABLE) return undefined;
      }
      await pause.wait(signal);
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
        await database.transaction({}, async (queries) => {
          await jobs.release(queries, method, claims);
          await notify(session, queries, [this.#options.workNotice(method)]);
        });
        // A server does not hear itself.
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
