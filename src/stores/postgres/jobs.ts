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

/** The longest interval that pg-boss takes, for what the store does itself: releasing claims that have lapsed. */
const MONITOR_SECONDS = 24 * 60 * 60;

/** Upper bound on the lapsed claims examined at once. */
const MAX_LAPSED = 10_000;

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
  readonly #database: Database;
  readonly #sql: ReturnType<typeof statements>;
  readonly #leaseMs: number;
  readonly #queues = new Map<string, Promise<void>>();
  /** The claims that had lapsed when this was looked for last. */
  #lapsed: ReadonlySet<string> = new Set();

  private constructor(boss: PgBoss, { database, schema, leaseMs }: JobsOptions) {
    this.#boss = boss;
    this.#database = database;
    this.#sql = statements(`"${schema}"`);
    this.#leaseMs = leaseMs;
  }

  /** @throws StatusError FAILED_PRECONDITION when pg-boss is not installed. */
  static async load(options: JobsOptions): Promise<Jobs> {
    const { database, schema, createSchema, onError } = options;
    const { PgBoss } = await importPeer('pg-boss', () => import('pg-boss'));
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
      heartbeatSeconds: Math.ceil(this.#leaseMs / 1000),
    }));
    const added = await this.#boss.insert(method, jobs, { db: inside(queries), returnId: true });
    return added?.length ?? 0;
  }

  /** Claims up to so many jobs of a prepared method, oldest first. */
  async claim(method: string, limit: number): Promise<readonly Claim[]> {
    const jobs: Job<{ operation: string }>[] = await this.#boss.fetch(method, {
      batchSize: limit,
      // A job starts at once; after the clock of the database has stepped back, that looks like the future.
      ignoreStartAfter: true,
    });
    return jobs.map(({ id, retryCount, data }) => ({ id, retryCount, operation: data.operation }));
  }

  /**
   * Keeps claims from lapsing, but for those whose jobs another session has locked: the others must not wait for these. A
   * claim that has lapsed already, and is somebody else's, stays theirs.
   */
  async renew(method: string, claims: readonly Claim[]): Promise<void> {
    await this.#database.transaction({}, async (queries) => {
      const { rows } = await queries.query(this.#sql.lock, [method, claims.map(({ id }) => id)]);
      const free = new Set(rows.map(({ id }) => id));
      const renewed = claims.filter(({ id }) => free.has(id));
      if (renewed.length > 0) await this.#boss.touch(method, renewed, { db: inside(queries) });
    });
  }

  /** The clock that claims lapse by, in milliseconds since 1970. */
  async now(): Promise<number> {
    const { rows } = await this.#database.query(this.#sql.now);
    return rows[0].now;
  }

  /**
   * Releases the claims that had lapsed when this was called last, and still have. In between every healthy server has had the
   * time to renew its own: they also look lapsed when the clock has just stepped, or somebody locked their jobs for long.
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

  /** Ends jobs whose work is done. A claim that has lapsed ends nothing. */
  async complete(method: string, claims: readonly Claim[]): Promise<void> {
    await this.#boss.complete(method, [...claims]);
  }

  /** Gives jobs back, as part of a transaction, for others to claim at once. */
  async release(queries: PostgresQueries, method: string, claims: readonly Claim[]): Promise<void> {
    await this.#boss.fail(method, [...claims], null, { db: inside(queries) });
  }

  /** Deletes jobs that are done, if no other server has just done so. */
  async tidy(): Promise<void> {
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

/** Statements on the tables of pg-boss for which it has no calls. */
function statements(schema: string) {
  const isLapsed = `state = 'active' AND (
    heartbeat_on + heartbeat_seconds * interval '1s' < ${schema}.job_now()
    -- Of a server that died before the clock stepped back.
    OR heartbeat_on > ${schema}.job_now() + $1::float8 * interval '1ms')`;
  return {
    now: `SELECT (extract(epoch FROM ${schema}.job_now()) * 1000)::float8 AS now`,
    /** Values: the method, the ids. */
    lock: `
      SELECT id FROM ${schema}.job WHERE name = $1 AND id = ANY($2::uuid[]) AND state = 'active'
      FOR NO KEY UPDATE SKIP LOCKED`,
    /** Values: how far in the future a renewal cannot be, in milliseconds, the limit. Its locks do not keep claims from renewal. */
    lapsed: `
      SELECT id, name, id || ':' || retry_count AS claim FROM ${schema}.job
      WHERE name = ANY(ARRAY(SELECT name FROM ${schema}.queue)) AND ${isLapsed}
      ORDER BY id LIMIT $2 FOR KEY SHARE SKIP LOCKED`,
    /** Values: as before, the method, the ids. */
    lockLapsed: `
      SELECT id, retry_count AS "retryCount" FROM ${schema}.job
      WHERE name = $2 AND id = ANY($3::uuid[]) AND ${isLapsed} FOR UPDATE SKIP LOCKED`,
  };
}
