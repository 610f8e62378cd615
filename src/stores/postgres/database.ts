import type { PostgresClient, PostgresPool, PostgresQueries, PostgresResult } from './connection.js';
import { databaseError } from './database-error.js';

/** The pool behind the store: every statement rejects with UNAVAILABLE for what passes. */
export class Database implements PostgresQueries {
  readonly #pool: PostgresPool;

  constructor(pool: PostgresPool) {
    this.#pool = pool;
    // An idle connection that breaks is replaced by the next statement. Unheard, it would end the process.
    pool.on('error', () => {});
  }

  async query(text: string, values?: unknown[]): Promise<PostgresResult> {
    return await this.#pool.query(text, values).catch(rethrow);
  }

  /** Does `work` in one transaction, all or nothing. */
  async transaction<Result>(work: (queries: PostgresQueries) => Promise<Result>): Promise<Result> {
    const client = await this.connect();
    let broken: Error | undefined;
    const onError = (error: Error) => {
      broken = error;
    };
    client.on('error', onError);
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((rollbackError) => {
        broken = rollbackError;
      });
      throw databaseError(error);
    } finally {
      client.removeListener('error', onError);
      client.release(broken);
    }
  }

  /** A connection of its own, to be released. */
  async connect(): Promise<PostgresClient> {
    return await this.#pool.connect().catch(rethrow);
  }
}

function rethrow(error: unknown): never {
  throw databaseError(error);
}
