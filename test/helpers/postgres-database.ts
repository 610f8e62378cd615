import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { OperationStore } from '../../src/stores/contract/operation-store.js';
import { type PostgresStoreOptions, postgresStore } from '../../src/stores/postgres/index.js';
import type { TestPostgres } from './postgres-server.ts';

/** PostgreSQL of this test run, started on first use. */
export function postgresUrl(): Promise<string> {
  return ask('/');
}

/** PostgreSQL for a single test that restarts it. */
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

/** Sends a request to the process that `postgres-setup.ts` started. */
async function ask(path: string): Promise<string> {
  const response = await fetch(`${process.env.TEST_POSTGRES_PROCESS}${path}`, {
    headers: { connection: 'close' },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`PostgreSQL could not be started: ${text}`);
  return text;
}

/** Store in a separate schema. */
export async function postgresStoreForTest(
  options: Partial<PostgresStoreOptions> = {},
): Promise<OperationStore> {
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  return postgresStore({ connectionString: await postgresUrl(), schema, poolSize: 3, ...options });
}

/** Empty database for a single test. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  /** Runs one statement on a separate connection. */
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
