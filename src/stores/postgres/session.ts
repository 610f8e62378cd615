import type { PostgresQueries } from './connection.js';
import { Database } from './database.js';
import { Jobs } from './jobs.js';
import { migrate } from './migrate.js';
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

/** @throws StatusError UNAVAILABLE when the database is away; what is wrong otherwise. */
export async function openSession(
  settings: PostgresSettings,
  onError: (error: unknown) => void,
): Promise<Session> {
  const { schema, leaseMs } = settings;
  const pools = await openPools(settings);
  try {
    const database = new Database(pools.main);
    const quotedSchema = `"${schema}"`;
    await migrate(database, quotedSchema);
    const jobs = await Jobs.open({ database, schema: `${schema}_jobs`, leaseMs, onError });
    return {
      pools,
      database,
      jobs,
      sql: statements(quotedSchema),
      table: `${quotedSchema}.operations`,
      channel: `longrunning:${schema}`,
    };
  } catch (error) {
    await pools.close();
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
