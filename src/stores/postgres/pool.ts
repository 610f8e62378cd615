import type { PostgresPool } from './connection.js';
import type { PostgresSettings } from './options.js';
import { importPeer } from './peers.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** How long a connection says nothing before its other end is asked whether it is still there. */
const KEEP_ALIVE_MS = 10_000;

/** An idle connection that breaks is replaced by the next statement. Unheard, it would end the process. */
const ignoreBroken = () => {};

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
  queryTimeoutMs,
}: PostgresSettings) {
  const own: PostgresPool[] = [];
  const make = async (connectionString: string | undefined, max: number): Promise<PostgresPool> => {
    const { default: pg } = await importPeer('pg', () => import('pg'));
    const made = new pg.Pool({
      connectionString,
      max,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      // Of another end that is gone without a word TCP tells after a quarter of an hour.
      query_timeout: queryTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      application_name: 'longrunning',
    });
    made.on('error', ignoreBroken);
    own.push(made);
    return made;
  };
  pool?.on('error', ignoreBroken);
  const main = pool ?? (await make(connectionString, poolSize));
  const listening = listenConnectionString === undefined ? main : await make(listenConnectionString, 1);
  return {
    main,
    listening,
    async close() {
      pool?.removeListener('error', ignoreBroken);
      await Promise.all(own.map((each) => each.end()));
    },
  } satisfies Pools;
}
