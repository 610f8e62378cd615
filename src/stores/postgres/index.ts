export type { PostgresClient, PostgresPool, PostgresQueries, PostgresResult } from './connection.js';
export type { PostgresStoreOptions } from './options.js';
export { postgresStore } from './store.js';
