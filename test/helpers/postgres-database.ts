import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { OperationStore } from '../../src/stores/contract/operation-store.js';
import { type PostgresStoreOptions, postgresStore } from '../../src/stores/postgres/index.js';
import type { TestPostgres } from './postgres-server.ts';

/** The PostgreSQL of this run of the tests: started when the first test asks. */
export function postgresUrl(): Promise<string> {
  return ask('/');
}

/** A PostgreSQL for one test alone, to be restarted. */
export async function startOwnPostgres(): Promise<TestPostgres> {
  const [number, url = ''] = (await ask('/start')).split(' ');
  return {
    url,
    async restart() {
      await ask(`/restart/${number}`);
    },
    async stop() {
      await ask(`/stop/${number}`);
    },
  };
}

/** Asks the process that `postgres-setup.ts` started. */
async function ask(path: string): Promise<string> {
  const response = await fetch(`${process.env.TEST_POSTGRES_PROCESS}${path}`, {
    headers: { connection: 'close' },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`PostgreSQL could not be started: ${text}`);
  return text;
}

/** A store in a schema of its own. */
export async function postgresStoreForTest(
  options: Partial<PostgresStoreOptions> = {},
): Promise<OperationStore> {
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  return postgresStore({ connectionString: await postgresUrl(), schema, poolSize: 3, ...options });
}

/** A database of its own for one test, empty. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  /** Runs one statement on a connection of its own. */
  query(text: string, values?: unknown[]): Promise<pg.QueryResult>;
}

export async function createDatabase(): Promise<TestDatabase> {
  const server = await postgresUrl();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await queryOnce(server, `CREATE DATABASE ${name}`);
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  return {
    url,
    query: (text, values) => queryOnce(url, text, values),
    async [Symbol.asyncDispose]() {
      await queryOnce(server, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

export async function queryOnce(url: string, text: string, values?: unknown[]): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text, values);
  } finally {
    await client.end();
  }
}
