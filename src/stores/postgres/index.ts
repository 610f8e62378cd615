/**
 * Operations stored in PostgreSQL and worked on by many servers. Requires the packages `pg` and `pg-boss`.
 *
 * @module longrunning/postgres
 */

export type { PostgresPool } from './connection.js';
export type { PostgresStoreOptions } from './options.js';
export { postgresStore } from './store.js';
