import type { PostgresClient, PostgresPool, PostgresQueries, PostgresResult } from './connection.js';
import { databaseError } from './database-error.js';

/** Longest pause between the statements of a transaction: its locks are not held for a process that has been stopped. */
const IDLE_TIMEOUT_MS = 10_000;

/** Settings of one transaction, in place of those of the database or the user. Times are in milliseconds. */
export interface TransactionSettings {
  readonly lock_timeout?: number;
  readonly idle_in_transaction_session_timeout?: number;
}

/** The pool behind the store: every statement rejects with UNAVAILABLE for what passes. */
export class Database implements PostgresQueries {
  readonly #pool: PostgresPool;

  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  async query(text: string, values?: unknown[]): Promise<PostgresResult> {
    return await this.#pool.query(text, values).catch(rethrow);
  }

  /** Does `work` in one transaction, all or nothing. */
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
      // What passes may lie in the connection, which hangs or leads to what is no longer the primary: PostgreSQL
      // rolls back what it belongs to when it is closed.
      if (error !== cause) broken = error;
      else await client.query('ROLLBACK').catch(onError);
      throw error;
    } finally {
      client.removeListener('error', onError);
      client.release(broken !== undefined);
    }
  }

  /** A connection of its own, to be released. */
  async connect(): Promise<PostgresClient> {
    return await this.#pool.connect().catch(rethrow);
  }
}

function begin(settings: TransactionSettings): string {
  const assignments = Object.entries(settings).map(([name, value]) => `SET LOCAL ${name} = ${value}`);
  return ['BEGIN', ...assignments].join('; ');
}

function rethrow(error: unknown): never {
  throw databaseError(error);
}
