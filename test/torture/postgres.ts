import pg from 'pg';
import type { TestPostgres } from '../helpers/postgres-server.ts';
import type { TortureOptions } from './torture.ts';

const SERVERS = 3;
/** Some stops are longer than a lease: who was stopped comes back to work that somebody else has. */
const LONGEST_STOP_MS = 4000;
/** A cancel is heard by NOTIFY, unless the connection has just been dropped: it is back in less than this. */
const HEED_MS = 1500;
const SHARE_OF_DROPS = 0.3;
const DROPPED_AT_ONCE = 3;

/** The torture of three servers on one PostgreSQL, whose connections are dropped, and which is restarted once. */
export function postgresTorture(
  postgres: TestPostgres,
  given: Pick<TortureOptions, 'kills' | 'module' | 'onKill'>,
): TortureOptions {
  const restartAt = Math.floor(given.kills / 2);
  let restarted = false;
  return {
    ...given,
    store: postgres.url,
    servers: SERVERS,
    longestStopMs: LONGEST_STOP_MS,
    heedMs: HEED_MS,
    async disturb(kills) {
      if (kills >= restartAt && !restarted) {
        restarted = true;
        await postgres.restart();
      } else if (Math.random() < SHARE_OF_DROPS) await dropConnections(postgres.url);
    },
  };
}

async function dropConnections(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'longrunning' ORDER BY random() LIMIT $1`,
    [DROPPED_AT_ONCE],
  );
  await client.end();
}
