import type { PostgresQueries } from './connection.js';
import { Database } from './database.js';
import { refusal } from './database-error.js';
import { assertFit } from './fitness.js';
import { Jobs } from './jobs.js';
import { lockMigrations, migrate, schemaExists } from './migrate.js';
import { formatNotice, type Notice } from './notice.js';
import type { PostgresSettings } from './options.js';
import { openPools, type Pools } from './pool.js';
import { type Statements, statements } from './statements.js';

/** A schema that can be used: migrated, with connections to it. */
export interface Session {
  readonly pools: Pools;
  readonly database: Database;
  readonly jobs: Jobs;
  readonly sql: Statements;
  /** The operations table, as statements name it. */
  readonly table: string;
  /** The channel on which the servers of the schema tell each other things. */
  readonly channel: string;
}

/**
 * @throws StatusError UNAVAILABLE when the database is away, FAILED_PRECONDITION when it will not have us or is not
 * fit; what is wrong otherwise.
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

/** Migrations take as long as they take, and so does the wait for another server's. */
const NO_TIMEOUTS = { lock_timeout: 0, idle_in_transaction_session_timeout: 0 };

/** The schema of the tables of pg-boss. */
function jobsSchema(schema: string): string {
  return `${schema}_jobs`;
}

/** Makes the tables, or brings them up to date. */
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
      // On other connections, but under the same lock: servers that start together get into each other's way here.
      await jobs.start();
    });
    return jobs;
  } catch (error) {
    await jobs.close();
    throw error;
  }
}

/** Tells every server something, if and when the transaction is committed. */
export async function notify(
  { sql, channel }: Session,
  queries: PostgresQueries,
  notices: readonly Notice[],
): Promise<void> {
  await queries.query(sql.notify, [channel, notices.map(formatNotice)]);
}
