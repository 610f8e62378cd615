import pg from 'pg';
import type { PostgresClient } from '../../src/stores/postgres/connection.js';
import type { PostgresPool } from '../../src/stores/postgres/index.js';

/** SQL statement with its values. */
export interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

/** Pool of the package `pg` that records every statement. */
export interface RecordingPool extends PostgresPool {
  readonly statements: Statement[];
}

export function recordingPool(connectionString: string): RecordingPool {
  const pool = new pg.Pool({ connectionString, max: 4 });
  const statements: Statement[] = [];
  const recordsOf =
    (queries: Pick<pg.Pool | pg.PoolClient, 'query'>) =>
    (text: string, values: unknown[] = []) => {
      statements.push({ text, values });
      return queries.query(text, values.length > 0 ? values : undefined);
    };
  return {
    statements,
    options: pool.options,
    query: recordsOf(pool),
    async connect() {
      const client = await pool.connect();
      const recorded: PostgresClient = {
        query: recordsOf(client),
        release: (destroy) => client.release(destroy),
        on: (event: string, listener: (...values: never[]) => void) =>
          client.on(event as 'end', listener as () => void),
        removeListener: (event, listener) => client.removeListener(event, listener),
      };
      return recorded;
    },
    end: () => pool.end(),
    on: (event, listener) => pool.on(event, listener),
    removeListener: (event, listener) => pool.removeListener(event, listener),
  };
}
