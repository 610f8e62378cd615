import { withDefaults } from '../../core/options.js';
import { quoted } from '../../core/status.js';
import type { PostgresPool } from './connection.js';

/** What `postgresStore` takes. */
export interface PostgresStoreOptions {
  /** Where the database is: `postgres://user:password@host/database`. This, or `pool`. */
  readonly connectionString?: string | undefined;
  /**
   * A `Pool` of the package `pg` to use instead, of two connections at least: one is held to listen. Whoever made
   * it closes it.
   */
  readonly pool?: PostgresPool | undefined;
  /** How many connections to have at most, with `connectionString`. @defaultValue 10 */
  readonly poolSize?: number | undefined;
  /**
   * How long to wait for the answer to a statement, in milliseconds, with `connectionString`: then the connection is
   * given up, as the network may have dropped it without a word, and the call is UNAVAILABLE. Less than `leaseMs`, or
   * work is lost to the wait. @defaultValue 10,000
   */
  readonly queryTimeoutMs?: number | undefined;
  /**
   * Where to listen for notifications, if everything else goes through a pooler of connections that does not keep sessions,
   * such as PgBouncer in transaction mode. The store notices if they do not arrive: it logs a warning and polls every
   * second. @defaultValue where everything else goes
   */
  readonly listenConnectionString?: string | undefined;
  /**
   * The schema of the tables: small letters, digits and `_`. Those of pg-boss are in `{schema}_jobs`.
   * @defaultValue 'longrunning'
   */
  readonly schema?: string | undefined;
  /**
   * How long work stays with a server that has not said that it lives, in milliseconds, rounded up to whole seconds.
   * A server says so three times in that while. Its work is taken over at most twice as long after its death.
   * @defaultValue 15,000
   */
  readonly leaseMs?: number | undefined;
  /** How often to ask for work that no notification told of, in milliseconds. @defaultValue 5000 */
  readonly workPollMs?: number | undefined;
  /** How often to have everything that is waited for read again, in milliseconds. @defaultValue 30,000 */
  readonly watchPollMs?: number | undefined;
  /** How often to look for unfinished operations whose work nobody keeps, in milliseconds. @defaultValue 60,000 */
  readonly reconcileMs?: number | undefined;
}

const DEFAULTS = {
  poolSize: 10,
  queryTimeoutMs: 10_000,
  schema: 'longrunning',
  leaseMs: 15_000,
  workPollMs: 5000,
  watchPollMs: 30_000,
  reconcileMs: 60_000,
};

/** Options with their defaults. */
export type PostgresSettings = ReturnType<typeof settingsFrom>;

/** One is held to listen. */
const LEAST_CONNECTIONS = 2;

/** Names are part of statements, and pg-boss has its own limit on the name of its schema. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,39}$/;

/** @throws TypeError when an option cannot be what it is. */
export function settingsFrom(options: PostgresStoreOptions) {
  const settings = withDefaults(DEFAULTS, options);
  const { schema, connectionString, pool } = settings;
  if (!SCHEMA.test(schema)) {
    throw new TypeError(
      `option schema is ${quoted(schema)}: it must be small letters, digits and _, 40 at most, no digit first`,
    );
  }
  if ((connectionString === undefined) === (pool === undefined)) {
    throw new TypeError('give postgresStore either a connectionString or a pool');
  }
  const max = pool?.options?.max;
  if (max !== undefined && max < LEAST_CONNECTIONS) {
    throw new TypeError(
      `pool has ${max} connection at most: give it ${LEAST_CONNECTIONS} or more, one is held`,
    );
  }
  const numbers = [
    'poolSize',
    'queryTimeoutMs',
    'leaseMs',
    'workPollMs',
    'watchPollMs',
    'reconcileMs',
  ] as const;
  for (const option of numbers) {
    const least = option === 'poolSize' ? LEAST_CONNECTIONS : 1;
    const value = settings[option];
    if (!(value >= least)) throw new TypeError(`option ${option} is ${value}: it must be ${least} or more`);
  }
  return settings;
}
