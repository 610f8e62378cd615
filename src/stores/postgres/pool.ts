import type { PostgresPool } from './connection.js';
import type { PostgresSettings } from './options.js';
import { importPeer } from './peers.js';

const CONNECT_TIMEOUT_MS = 10_000;

/** The connections of a store. */
export interface Pools {
  readonly main: PostgresPool;
  /** Where to listen. */
  readonly listening: PostgresPool;
  /** Closes those that are the store's own. */
  close(): Promise<void>;
}

/** Makes the pools that a store was not given. Nothing is connected yet. */
export async function openPools({
  pool,
  connectionString,
  poolSize,
  listenConnectionString,
}: PostgresSettings) {
  const own: PostgresPool[] = [];
  const make = async (connectionString: string | undefined, max: number): Promise<PostgresPool> => {
    const { default: pg } = await importPeer('pg', () => import('pg'));
    const made = new pg.Pool({
      connectionString,
      max,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'longrunning',
    });
    made.on('error', () => {});
    own.push(made);
    return made;
  };
  const main = pool ?? (await make(connectionString, poolSize));
  const listening = listenConnectionString === undefined ? main : await make(listenConnectionString, 1);
  return {
    main,
    listening,
    async close() {
      await Promise.all(own.map((each) => each.end()));
    },
  } satisfies Pools;
}
