import { Code, kitError, quoted } from '../../core/status.js';
import type { PostgresQueries } from './connection.js';
import { Database, openPools, type Pools } from './database.js';
import { refusal } from './database-error.js';
import { Jobs } from './jobs.js';
import { lockMigrations, migrate, schemaExists } from './migrate.js';
import { formatNotice, type Notice } from './notice.js';
import type { PostgresSettings } from './options.js';
import { type Statements, statements } from './statements.js';

/** Migrated schema and the connections to it. */
export interface Session {
  readonly pools: Pools;
  readonly database: Database;
  readonly jobs: Jobs;
  readonly sql: Statements;
  /** Operations table, as an SQL identifier. */
  readonly table: string;
  /** Channel on which the servers of the schema notify each other. */
  readonly channel: string;
}

/**
 * Connects to a database and migrates its schema.
 *
 * @throws StatusError UNAVAILABLE if the database is unavailable, FAILED_PRECONDITION if it rejects the connection or
 * is unsuitable; any other error otherwise.
 */
export async function openSession(
  settings: PostgresSettings,
  onError: (error: unknown) => void,
): Promise<Session> {
  const { schema } = settings;
  const pools = await openPools(settings);
  const database = new Database(pools.main);
  const quotedSchema = `"${schema}"`;
  try {
    return {
      pools,
      database,
      jobs: await prepare(database, settings, onError),
      sql: statements(quotedSchema, `"${jobsSchema(schema)}"`),
      table: `${quotedSchema}.operations`,
      channel: `longrunning:${schema}`,
    };
  } catch (error) {
    await pools.close();
    throw refusal(error, schema);
  }
}

/** No limits, because migrations and waiting for another server's migrations may take any time. */
const NO_TIMEOUTS = { lock_timeout: 0, idle_in_transaction_session_timeout: 0 };

/** Schema of pg-boss's tables. */
function jobsSchema(schema: string): string {
  return `${schema}_jobs`;
}

/** Creates or migrates the tables. */
async function prepare(
  database: Database,
  { schema, leaseMs }: PostgresSettings,
  onError: (error: unknown) => void,
): Promise<Jobs> {
  await assertFit(database);
  const isThere = await schemaExists(database, jobsSchema(schema));
  const jobs = await Jobs.load({
    database,
    schema: jobsSchema(schema),
    createSchema: !isThere,
    leaseMs,
    onError,
  });
  try {
    await database.transaction(NO_TIMEOUTS, async (queries) => {
      await lockMigrations(queries, schema);
      await migrate(queries, schema);
      // Runs on other connections but under the same lock, because servers that start together conflict here.
      await jobs.start();
    });
    return jobs;
  } catch (error) {
    await jobs.close();
    throw error;
  }
}

/** Notifies every server when the transaction is committed. */
export async function notify(
  { sql, channel }: Session,
  queries: PostgresQueries,
  notices: readonly Notice[],
): Promise<void> {
  await queries.query(sql.notify, [channel, notices.map(formatNotice)]);
}

/** Setting without which operations would be lost or altered. */
interface Requirement {
  readonly setting: string;
  readonly value: string;
  readonly advice: string;
}

const REQUIREMENTS: readonly Requirement[] = [
  {
    setting: 'server_encoding',
    value: 'UTF8',
    advice:
      "operations hold any Unicode text; use a database made by CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
  },
  {
    setting: 'array_nulls',
    value: 'on',
    advice: 'with it off, NULL in an array is text; turn it on with ALTER ROLE … SET array_nulls = on',
  },
  {
    setting: 'standard_conforming_strings',
    value: 'on',
    advice:
      'pg-boss needs backslashes to be ordinary characters; turn it on with ALTER ROLE … SET standard_conforming_strings = on',
  },
];

/**
 * Checks that a database can store operations.
 *
 * @throws StatusError FAILED_PRECONDITION that names the setting and says what to do.
 */
async function assertFit(queries: PostgresQueries): Promise<void> {
  const names = REQUIREMENTS.map(({ setting }) => `current_setting('${setting}') AS ${setting}`);
  const { rows } = await queries.query(`SELECT ${names.join(', ')}`);
  for (const { setting, value, advice } of REQUIREMENTS) {
    const actual: string = rows[0][setting];
    if (actual === value) continue;
    const message = `database cannot be used: ${setting} is ${quoted(actual)} but must be ${quoted(value)}: ${advice}`;
    throw kitError(Code.FAILED_PRECONDITION, 'DATABASE_UNFIT', message, {
      metadata: { setting, value: actual },
    });
  }
}
