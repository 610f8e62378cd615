import type { Job, JobAttempt, PgBoss } from 'pg-boss';
import type { PostgresQueries } from './connection.js';
import type { Database } from './database.js';
import { importPeer } from './peers.js';

/** Nothing ends a job but its work: an operation may wait, and run, as long as it likes. */
const FOREVER_SECONDS = 1_000_000_000;
const UNLIMITED = 1_000_000_000;
/** Jobs that are done tell nothing that the operation does not. */
const DONE_JOB_SECONDS = 60;

const NO_JOB = '00000000-0000-0000-0000-000000000000';

/** How often claims are renewed, and lapsed ones looked for, while a lease lasts. */
export const BEATS_PER_LEASE = 3;

/** A job in hand: which operation it is the work of, and the claim on it that this server has. */
export interface Claim extends JobAttempt {
  readonly operation: string;
}

/** How jobs are to be kept. */
export interface JobsOptions {
  readonly database: Database;
  /** The schema of pg-boss's own tables, as pg-boss takes it. */
  readonly schema: string;
  /** Whether that schema is still to be made. */
  readonly createSchema: boolean;
  /** See `PostgresStoreOptions.leaseMs`. */
  readonly leaseMs: number;
  readonly onError: (error: unknown) => void;
}

/**
 * The work that is to be done, as jobs of pg-boss: a queue per method, and in it at most one job that is not
 * done per operation. pg-boss decides who has a job, by claims that lapse when they are not renewed; whatever
 * else a job could say, the operations table says.
 */
export class Jobs {
  readonly #boss: PgBoss;
  readonly #leaseSeconds: number;
  readonly #queues = new Map<string, Promise<void>>();

  private constructor(boss: PgBoss, leaseMs: number) {
    this.#boss = boss;
    this.#leaseSeconds = Math.ceil(leaseMs / 1000);
  }

  /** @throws StatusError FAILED_PRECONDITION when pg-boss is not installed. */
  static async load({ database, schema, createSchema, leaseMs, onError }: JobsOptions): Promise<Jobs> {
    const { PgBoss } = await importPeer('pg-boss', () => import('pg-boss'));
    const monitorIntervalSeconds = Math.max(1, Math.floor(leaseMs / BEATS_PER_LEASE / 1000) - 1);
    const boss = new PgBoss({
      db: { executeSql: (text, values) => database.query(text, values) },
      schema,
      createSchema,
      // The store says when to look for claims that have lapsed: see Leases.
      supervise: false,
      monitorIntervalSeconds,
      maintenanceIntervalSeconds: DONE_JOB_SECONDS,
      schedule: false,
      registerInstance: false,
    });
    boss.on('error', onError);
    return new Jobs(boss, leaseMs);
  }

  /** Installs or updates the tables of pg-boss if need be. */
  async start(): Promise<void> {
    await this.#boss.start();
  }

  /** Makes sure that work of a method can be kept. */
  async prepare(method: string): Promise<void> {
    const prepared = this.#queues.get(method) ?? this.#createQueue(method);
    this.#queues.set(method, prepared);
    try {
      await prepared;
    } catch (error) {
      this.#queues.delete(method);
      throw error;
    }
  }

  /**
   * Adds work on operations of a prepared method, as part of a transaction. An operation that has a job keeps it.
   *
   * @returns how many had none.
   */
  async add(queries: PostgresQueries, method: string, operations: readonly string[]): Promise<number> {
    // Not `send`: it refuses leases and times to live that `insert` takes.
    const jobs = operations.map((operation) => ({
      data: { operation },
      singletonKey: operation,
      retryLimit: UNLIMITED,
      expireInSeconds: FOREVER_SECONDS,
      retentionSeconds: FOREVER_SECONDS,
      deleteAfterSeconds: DONE_JOB_SECONDS,
      heartbeatSeconds: this.#leaseSeconds,
    }));
    const added = await this.#boss.insert(method, jobs, { db: inside(queries), returnId: true });
    return added?.length ?? 0;
  }

  /** Claims up to so many jobs of a prepared method, oldest first. */
  async claim(method: string, limit: number): Promise<readonly Claim[]> {
    const jobs: Job<{ operation: string }>[] = await this.#boss.fetch(method, { batchSize: limit });
    return jobs.map(({ id, retryCount, data }) => ({ id, retryCount, operation: data.operation }));
  }

  /** Keeps claims from lapsing. A claim that has lapsed already, and is somebody else's, stays theirs. */
  async renew(method: string, claims: readonly Claim[]): Promise<void> {
    await this.#boss.touch(method, [...claims]);
  }

  /** Ends jobs whose work is done. A claim that has lapsed ends nothing. */
  async complete(method: string, claims: readonly Claim[]): Promise<void> {
    await this.#boss.complete(method, [...claims]);
  }

  /** Gives jobs back, as part of a transaction, for others to claim at once. */
  async release(queries: PostgresQueries, method: string, claims: readonly Claim[]): Promise<void> {
    await this.#boss.fail(method, [...claims], null, { db: inside(queries) });
  }

  /** Has the claims that have lapsed given back, if no other server has just done so; and pg-boss tidy up. */
  async supervise(): Promise<void> {
    await this.#boss.supervise();
  }

  async close(): Promise<void> {
    await this.#boss.stop({ graceful: false, close: false });
  }

  async #createQueue(method: string): Promise<void> {
    // Asked first: creating takes a lock that every server wants when it starts.
    if (!(await this.#boss.getQueue(method))) await this.#boss.createQueue(method, { policy: 'exclusive' });
    // Has pg-boss remember the queue: within a transaction it would ask on another connection, of which there may be none.
    await this.#boss.findJobs(method, { id: NO_JOB });
  }
}

function inside(queries: PostgresQueries) {
  return { executeSql: (text: string, values?: unknown[]) => queries.query(text, values) };
}
