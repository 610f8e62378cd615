import type { Job, JobAttempt, PgBoss } from 'pg-boss';
import { Code, kitError } from '../../core/status.js';
import type { PostgresQueries } from './connection.js';
import type { Database } from './database.js';
import { peerError } from './database.js';
import { LOCK_TIMEOUT_MS } from './locked-rows.js';

/** Jobs have no limits of their own: an operation may wait and run for any time. */
const FOREVER_SECONDS = 1_000_000_000;
const UNLIMITED = 1_000_000_000;
/** Completed jobs hold no information that the operation lacks. */
const DONE_JOB_SECONDS = 60;

const NO_JOB = '00000000-0000-0000-0000-000000000000';

/** Renewals of a claim, and searches for lapsed claims, per lease. */
export const BEATS_PER_LEASE = 3;

/** Oldest version of pg-boss with all that is used here. */
const OLDEST_PG_BOSS = '12.38';

/** Longest interval that pg-boss accepts. The store itself releases lapsed claims. */
const MONITOR_SECONDS = 24 * 60 * 60;

/** Upper bound on the lapsed claims examined at once. */
const MAX_LAPSED = 10_000;

/** This server's claim on the job of an operation. */
export interface Claim extends JobAttempt {
  readonly operation: string;
}

/** Dependencies and settings of the jobs. */
export interface JobsOptions {
  readonly database: Database;
  /** Schema of pg-boss's tables, without quotes. */
  readonly schema: string;
  /** True if the schema must be created. */
  readonly createSchema: boolean;
  /** See `PostgresStoreOptions.leaseMs`. */
  readonly leaseMs: number;
  readonly onError: (error: unknown) => void;
}

/**
 * Pending work, as jobs of pg-boss: one queue per method, with at most one pending job per operation. pg-boss decides
 * which server has a job, by claims that lapse unless they are renewed. All other facts are in the operations table.
 */
export class Jobs {
  readonly #boss: PgBoss;
  readonly #database: Database;
  readonly #sql: ReturnType<typeof statements>;
  readonly #leaseMs: number;
  readonly #queues = new Map<string, Promise<void>>();
  /** Claims that had lapsed at the last search. */
  #lapsed: ReadonlySet<string> = new Set();

  private constructor(boss: PgBoss, { database, schema, leaseMs }: JobsOptions) {
    this.#boss = boss;
    this.#database = database;
    this.#sql = statements(`"${schema}"`);
    this.#leaseMs = leaseMs;
  }

  /**
   * Loads pg-boss.
   *
   * @throws StatusError FAILED_PRECONDITION if pg-boss is not installed.
   */
  static async load(options: JobsOptions): Promise<Jobs> {
    const { database, schema, createSchema, onError } = options;
    const PgBoss = await importPgBoss();
    const boss = new PgBoss({
      db: { executeSql: (text, values) => database.query(text, values) },
      schema,
      createSchema,
      supervise: false,
      monitorIntervalSeconds: MONITOR_SECONDS,
      maintenanceIntervalSeconds: DONE_JOB_SECONDS,
      schedule: false,
      registerInstance: false,
    });
    boss.on('error', onError);
    return new Jobs(boss, options);
  }

  /** Installs or updates pg-boss's tables if necessary. */
  async start(): Promise<void> {
    await this.#boss.start();
  }

  /** Creates the queue of a method if it does not exist. */
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
   * Adds work on operations of a prepared method, within a transaction. An operation that has a job keeps it.
   *
   * @returns the number of jobs added.
   */
  async add(queries: PostgresQueries, method: string, operations: readonly string[]): Promise<number> {
    // Not `send`: it rejects leases and times to live that `insert` accepts.
    const jobs = operations.map((operation) => ({
      data: { operation },
      singletonKey: operation,
      retryLimit: UNLIMITED,
      expireInSeconds: FOREVER_SECONDS,
      retentionSeconds: FOREVER_SECONDS,
      deleteAfterSeconds: DONE_JOB_SECONDS,
      heartbeatSeconds: Math.ceil(this.#leaseMs / 1000),
    }));
    const added = await this.#boss.insert(method, jobs, { db: inside(queries), returnId: true });
    return added?.length ?? 0;
  }

  /** Claims up to `limit` jobs of a prepared method, oldest first. */
  async claim(method: string, limit: number): Promise<readonly Claim[]> {
    const jobs: Job<{ operation: string }>[] = await this.#boss.fetch(method, {
      batchSize: limit,
      // Jobs start immediately. After the database's clock steps back, their start looks like the future.
      ignoreStartAfter: true,
    });
    return jobs.map(({ id, retryCount, data }) => ({ id, retryCount, operation: data.operation }));
  }

  /**
   * Renews claims, except for those whose jobs another session has locked: they must not delay the others. A claim
   * that has lapsed and been taken over is not renewed.
   */
  async renew(method: string, claims: readonly Claim[]): Promise<void> {
    await this.#database.transaction({}, async (queries) => {
      const free = await this.#unlocked(queries, method, claims);
      if (free.length > 0) await this.#boss.touch(method, free, { db: inside(queries) });
    });
  }

  /** Reads the clock by which claims lapse, in milliseconds since 1970. */
  async now(): Promise<number> {
    const { rows } = await this.#database.query(this.#sql.now);
    return rows[0].now;
  }

  /**
   * Releases the claims that had lapsed at the previous call and still have. Every healthy server has renewed its
   * claims in between. Otherwise they would look lapsed after a step of the clock or a long lock on their jobs.
   */
  async releaseLapsed(): Promise<void> {
    const futureMs = this.#leaseMs / BEATS_PER_LEASE;
    const { rows } = await this.#database.query(this.#sql.lapsed, [futureMs, MAX_LAPSED]);
    const before = this.#lapsed;
    this.#lapsed = new Set(rows.map(({ claim }) => claim));
    const due = rows.filter(({ claim }) => before.has(claim));
    for (const [method, claims] of Map.groupBy(due, ({ name }) => name as string)) {
      await this.#database.transaction({}, async (queries) => {
        const ids = claims.map(({ id }) => id);
        const { rows: locked } = await queries.query(this.#sql.lockLapsed, [futureMs, method, ids]);
        if (locked.length > 0) await this.#boss.fail(method, locked, null, { db: inside(queries) });
      });
    }
  }

  /**
   * Completes jobs whose work is done. A claim that has lapsed completes nothing. Jobs that another session has locked
   * stay until their claims lapse: they must delay neither the others nor the shutdown of this server.
   */
  async complete(method: string, claims: readonly Claim[]): Promise<void> {
    await this.#database.transaction({ lock_timeout: LOCK_TIMEOUT_MS }, async (queries) => {
      const free = await this.#unlocked(queries, method, claims);
      if (free.length > 0) await this.#boss.complete(method, free, null, { db: inside(queries) });
    });
  }

  /**
   * Releases jobs within a transaction, for any server to claim immediately. Jobs that another session has locked stay
   * until their claims lapse.
   */
  async release(queries: PostgresQueries, method: string, claims: readonly Claim[]): Promise<void> {
    const free = await this.#unlocked(queries, method, claims);
    if (free.length > 0) await this.#boss.fail(method, free, null, { db: inside(queries) });
  }

  /** Deletes completed jobs, unless another server has just done so. */
  async tidy(): Promise<void> {
    await this.#boss.supervise();
  }

  async close(): Promise<void> {
    await this.#boss.stop({ graceful: false, close: false });
  }

  /** Locks the jobs of claims, without waiting for other sessions. Returns the claims whose jobs could be locked. */
  async #unlocked(queries: PostgresQueries, method: string, claims: readonly Claim[]): Promise<Claim[]> {
    const { rows } = await queries.query(this.#sql.lock, [method, claims.map(({ id }) => id)]);
    const free = new Set(rows.map(({ id }) => id));
    return claims.filter(({ id }) => free.has(id));
  }

  async #createQueue(method: string): Promise<void> {
    // Checked first, because creating takes a lock that every server needs at start.
    if (!(await this.#boss.getQueue(method))) await this.#boss.createQueue(method, { policy: 'exclusive' });
    // Makes pg-boss cache the queue. Within a transaction it would query on another connection, which may not be
    // available.
    await this.#boss.findJobs(method, { id: NO_JOB });
  }
}

async function importPgBoss() {
  try {
    return recentPgBoss(await import('pg-boss'));
  } catch (error) {
    throw peerError('pg-boss', error);
  }
}

/**
 * Returns the class of the module. An application may have an older version for its own jobs.
 *
 * @throws StatusError FAILED_PRECONDITION if the module is too old.
 */
export function recentPgBoss({ PgBoss }: Partial<typeof import('pg-boss')>): typeof import('pg-boss').PgBoss {
  if (typeof PgBoss?.prototype.touch === 'function') return PgBoss;
  const message = `pg-boss is older than ${OLDEST_PG_BOSS}, and the PostgreSQL store needs its heartbeats: npm install pg-boss@12`;
  throw kitError(Code.FAILED_PRECONDITION, 'PACKAGE_TOO_OLD', message, { metadata: { package: 'pg-boss' } });
}

function inside(queries: PostgresQueries) {
  return { executeSql: (text: string, values?: unknown[]) => queries.query(text, values) };
}

/** Statements on pg-boss's tables for which pg-boss has no methods. */
function statements(schema: string) {
  const isLapsed = `state = 'active' AND (
    heartbeat_on + heartbeat_seconds * interval '1s' < ${schema}.job_now()
    -- Claims of a server that died before the clock stepped back.
    OR heartbeat_on > ${schema}.job_now() + $1::float8 * interval '1ms')`;
  return {
    now: `SELECT (extract(epoch FROM ${schema}.job_now()) * 1000)::float8 AS now`,
    /** Values: method, ids. */
    lock: `
      SELECT id FROM ${schema}.job WHERE name = $1 AND id = ANY($2::uuid[]) AND state = 'active'
      FOR NO KEY UPDATE SKIP LOCKED`,
    /** Values: limit on renewals in the future, in milliseconds; limit. Its locks do not block renewals. */
    lapsed: `
      SELECT id, name, id || ':' || retry_count AS claim FROM ${schema}.job
      WHERE name = ANY(ARRAY(SELECT name FROM ${schema}.queue)) AND ${isLapsed}
      ORDER BY id LIMIT $2 FOR KEY SHARE SKIP LOCKED`,
    /** Values: limit on renewals in the future, method, ids. */
    lockLapsed: `
      SELECT id, retry_count AS "retryCount" FROM ${schema}.job
      WHERE name = $2 AND id = ANY($3::uuid[]) AND ${isLapsed} FOR UPDATE SKIP LOCKED`,
  };
}
