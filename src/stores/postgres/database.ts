import { importError } from '../../core/optional-package.js';
import type { PostgresClient, PostgresPool, PostgresQueries, PostgresResult } from './connection.js';
import { databaseError, isRolledBack } from './database-error.js';
import type { PostgresSettings } from './options.js';

/** Longest pause between the statements of a transaction, so that a suspended process does not hold its locks. */
const IDLE_TIMEOUT_MS = 10_000;

/** Attempts of a statement that others keep in the way, with an isolation level above READ COMMITTED for example. */
const MAX_ATTEMPTS = 5;

/** Settings of one transaction, which override those of the database and the user. Times are in milliseconds. */
export interface TransactionSettings {
  readonly lock_timeout?: number;
  readonly idle_in_transaction_session_timeout?: number;
}

/** Pool of the store. Statements reject with UNAVAILABLE for transient errors. */
export class Database implements PostgresQueries {
  readonly #pool: PostgresPool;

  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  /** Runs one statement, again if it was rolled back for the sake of another transaction. */
  async query(text: string, values?: unknown[]): Promise<PostgresResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#pool.query(text, values);
      } catch (error) {
        const isLast = attempt === MAX_ATTEMPTS || !isRolledBack(error);
        if (isLast) throw databaseError(error);
      }
    }
  }

  /** Runs `work` in one transaction. */
  async transaction<Result>(
    settings: TransactionSettings,
    work: (queries: PostgresQueries) => Promise<Result>,
  ): Promise<Result> {
    const client = await this.connect();
    let broken: unknown;
    const onError = (error: unknown) => {
      broken = error;
    };
    client.on('error', onError);
    try {
      await client.query(begin({ idle_in_transaction_session_timeout: IDLE_TIMEOUT_MS, ...settings }));
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (cause) {
      const error = databaseError(cause);
      // A transient error may be caused by the connection, which hangs or leads to a former primary. Closing it makes
      // PostgreSQL roll back.
      if (error !== cause) broken = error;
      else await client.query('ROLLBACK').catch(onError);
      throw error;
    } finally {
      client.removeListener('error', onError);
      client.release(broken !== undefined);
    }
  }

  /** Checks out a connection, which the caller must release. */
  async connect(): Promise<PostgresClient> {
    return await this.#pool.connect().catch(rethrow);
  }
}

function begin(settings: TransactionSettings): string {
  const assignments = Object.entries(settings).map(([name, value]) => `SET LOCAL ${name} = ${value}`);
  // The default of the database may be stricter, and then concurrent changes fail instead of waiting for each other.
  return ['BEGIN ISOLATION LEVEL READ COMMITTED', ...assignments].join('; ');
}

function rethrow(error: unknown): never {
  throw databaseError(error);
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Idle time before TCP keep-alive probes start. */
const KEEP_ALIVE_MS = 10_000;

/**
 * Ignores broken idle connections: the next statement replaces them. An unhandled 'error' event would end the
 * process.
 */
const ignoreBroken = () => {};

/** Connection pools of a store. */
export interface Pools {
  readonly main: PostgresPool;
  /** Pool for the listening connection. */
  readonly listening: PostgresPool;
  /** Closes the pools that the store created. */
  close(): Promise<void>;
}

/** Creates the pools that the store was not given. Nothing connects yet. */
export async function openPools({
  pool,
  connectionString,
  poolSize,
  listenConnectionString,
  queryTimeoutMs,
}: PostgresSettings) {
  const own: PostgresPool[] = [];
  const make = async (connectionString: string | undefined, max: number): Promise<PostgresPool> => {
    const pg = await importPg();
    const made = new pg.Pool({
      connectionString,
      max,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      // TCP detects a silent peer only after a quarter of an hour.
      query_timeout: queryTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      application_name: 'longrunning',
    });
    made.on('error', ignoreBroken);
    own.push(made);
    return made;
  };
  pool?.on('error', ignoreBroken);
  const main = pool ?? (await make(connectionString, poolSize));
  const listening = listenConnectionString === undefined ? main : await make(listenConnectionString, 1);
  return {
    main,
    listening,
    async close() {
      pool?.removeListener('error', ignoreBroken);
      await Promise.all(own.map((each) => each.end()));
    },
  } satisfies Pools;
}

async function importPg() {
  try {
    return (await import('pg')).default;
  } catch (error) {
    throw peerError('pg', error);
  }
}

/** Converts the error of the import of a package that only this store needs and that the application installs. */
export function peerError(name: string, error: unknown): unknown {
  return importError({ name, neededBy: 'the PostgreSQL store', install: 'pg pg-boss' }, error);
}
