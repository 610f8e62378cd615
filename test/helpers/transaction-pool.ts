import { EventEmitter } from 'node:events';
import pg from 'pg';
import type { PostgresClient, PostgresResult } from '../../src/stores/postgres/connection.js';
import type { PostgresPool } from '../../src/stores/postgres/index.js';

/**
 * Pool that behaves like PgBouncer in transaction mode: each statement or transaction of a client runs on another
 * server connection. Notifications go to connections that nobody listens on.
 */
export function transactionPool(connectionString: string): PostgresPool {
  const servers = new pg.Pool({ connectionString, max: 4 });
  servers.on('error', () => {});
  const connect = async (): Promise<PostgresClient> => new TransactionClient(servers);
  const events = new EventEmitter();
  return {
    options: { max: 10 },
    connect,
    query: async (text, values) => await (await connect()).query(text, values),
    end: () => servers.end(),
    on: (event, listener) => events.on(event, listener),
    removeListener: (event, listener) => events.removeListener(event, listener),
  };
}

class TransactionClient extends EventEmitter implements PostgresClient {
  readonly #servers: pg.Pool;
  /** Connection of the open transaction. */
  #server: pg.PoolClient | undefined;

  constructor(servers: pg.Pool) {
    super();
    this.#servers = servers;
  }

  async query(text: string, values?: unknown[]): Promise<PostgresResult> {
    const server = this.#server ?? (await this.#servers.connect());
    this.#server = server;
    try {
      return await server.query(text, values);
    } finally {
      // A failed statement keeps its transaction open until ROLLBACK.
      const inTransaction =
        text.startsWith('BEGIN') || (this.#inTransaction && !/^(COMMIT|ROLLBACK)/.test(text));
      this.#inTransaction = inTransaction;
      if (!inTransaction) this.release();
    }
  }

  #inTransaction = false;

  release(): void {
    const server = this.#server;
    this.#server = undefined;
    // The server rolls back the transaction of a client that is gone.
    server?.release(this.#inTransaction);
    this.#inTransaction = false;
  }
}
