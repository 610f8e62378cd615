import { withDefaults } from '../../core/options.js';
import { quoted } from '../../core/status.js';
import type { PostgresPool } from './connection.js';

/** Options of `postgresStore`. */
export interface PostgresStoreOptions {
  /** URL of the database, such as `postgres://user:password@host/database`. Required unless `pool` is given. */
  readonly connectionString?: string | undefined;
  /**
   * A `Pool` of the package `pg` to use instead, with at least two connections: one is reserved for LISTEN. The
   * caller closes the pool.
   */
  readonly pool?: PostgresPool | undefined;
  /**
   * Maximum number of connections, with `connectionString`.
   *
   * @defaultValue 10
   */
  readonly poolSize?: number | undefined;
  /**
   * Time limit for the response to a statement, in milliseconds, with `connectionString`. After it the connection is
   * closed, because the network may have dropped it silently, and the call fails with UNAVAILABLE. Must be less than
   * `leaseMs`; otherwise servers lose their work while they wait.
   *
   * @defaultValue 10,000
   */
  readonly queryTimeoutMs?: number | undefined;
  /**
   * URL for the LISTEN connection, if all others go through a pooler that does not keep sessions, such as PgBouncer
   * in transaction mode. If notifications do not arrive, the store logs a warning and polls every second.
   *
   * @defaultValue `connectionString` or `pool`
   */
  readonly listenConnectionString?: string | undefined;
  /**
   * Schema of the tables: lowercase letters, digits and `_`. The tables of pg-boss are in `{schema}_jobs`.
   *
   * @defaultValue 'longrunning'
   */
  readonly schema?: string | undefined;
  /**
   * Time after which work of an unresponsive server is taken over, in milliseconds, rounded up to whole seconds. A
   * server renews its leases three times per period. Work of a dead server is taken over within twice this time.
   *
   * @defaultValue 15,000
   */
  readonly leaseMs?: number | undefined;
  /**
   * Interval of polling for work that was not notified, in milliseconds.
   *
   * @defaultValue 5000
   */
  readonly workPollMs?: number | undefined;
  /**
   * Interval of rereading every operation that is waited for, in milliseconds.
   *
   * @defaultValue 30,000
   */
  readonly watchPollMs?: number | undefined;
  /**
   * Interval of searching for unfinished operations without a job, in milliseconds.
   *
   * @defaultValue 60,000
   */
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

/** Minimum number of connections: one is reserved for LISTEN. */
const LEAST_CONNECTIONS = 2;

/** Valid schema names. They become part of statements, and pg-boss limits the length of its schema's name. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,39}$/;

/**
 * Applies the defaults.
 *
 * @throws TypeError if an option is invalid.
 */
export function settingsFrom(options: PostgresStoreOptions) {
  const settings = withDefaults(DEFAULTS, options);
  const { schema, connectionString, pool } = settings;
  if (!SCHEMA.test(schema)) {
    throw new TypeError(
      `option schema is ${quoted(schema)}: use lowercase letters, digits and _, at most 40, and no digit first`,
    );
  }
  if ((connectionString === undefined) === (pool === undefined)) {
    throw new TypeError('give postgresStore either a connectionString or a pool');
  }
  const max = pool?.options?.max;
  if (max !== undefined && max < LEAST_CONNECTIONS) {
    throw new TypeError(
      `pool allows ${max} connection: allow at least ${LEAST_CONNECTIONS}, because one is reserved to listen`,
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
