import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { TestPostgres } from '../helpers/postgres-server.ts';
import type { TortureOptions } from './torture.ts';

const SERVERS = 3;
/** Some stops are longer than a lease: the stopped server resumes while another has its work. */
const LONGEST_STOP_MS = 4000;
/** A cancel arrives by NOTIFY, unless the connection was just dropped; it is restored in less than this time. */
const CANCEL_DELAY_MS = 1500;
const SHARE_OF_DROPS = 0.3;
const DROPPED_AT_ONCE = 3;
const SHARE_OF_LOCKS = 0.3;
const LOCKED_AT_ONCE = 3;
const LONGEST_LOCK_MS = 1000;
const SHARE_OF_STEPS = 0.1;
/** Largest step of the clock, forward or backward. */
const LARGEST_STEP_MS = 3_600_000;

/**
 * Tortures three servers on one PostgreSQL: drops its connections, locks its rows, steps its clock, and restarts it
 * once.
 */
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
    cancelDelayMs: CANCEL_DELAY_MS,
    async disturb(kills) {
      if (kills >= restartAt && !restarted) {
        restarted = true;
        await postgres.restart();
      }
      if (Math.random() < SHARE_OF_DROPS) await dropConnections(postgres.url);
      if (Math.random() < SHARE_OF_LOCKS) await lockRows(postgres.url);
      if (Math.random() < SHARE_OF_STEPS) await stepClock(postgres.url);
    },
  };
}

async function dropConnections(url: string): Promise<void> {
  await connected(url, (client) =>
    client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'longrunning' ORDER BY random() LIMIT $1`,
      [DROPPED_AT_ONCE],
    ),
  );
}

/** Locks operations and jobs, like a user inspecting them in psql. */
async function lockRows(url: string): Promise<void> {
  await connected(url, async (client) => {
    await client.query('BEGIN');
    for (const [table, condition] of [
      ['longrunning.operations', 'end_time IS NULL'],
      ['longrunning_jobs.job', "state = 'active'"],
    ]) {
      await client.query(
        `SELECT FROM ${table} WHERE ${condition} ORDER BY random() LIMIT $1 FOR UPDATE SKIP LOCKED`,
        [LOCKED_AT_ONCE],
      );
    }
    await delay(Math.random() * LONGEST_LOCK_MS);
  });
}

/** Steps the clock by which claims lapse. */
async function stepClock(url: string): Promise<void> {
  const stepMs = Math.round((2 * Math.random() - 1) * LARGEST_STEP_MS);
  await connected(url, (client) =>
    client.query(`
      CREATE OR REPLACE FUNCTION longrunning_jobs.job_now() RETURNS timestamptz LANGUAGE sql STABLE
        AS 'SELECT pg_catalog.now() + interval ''${stepMs} ms'''`),
  );
}

async function connected(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
