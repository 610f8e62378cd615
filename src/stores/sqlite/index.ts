/**
 * Operations stored in a SQLite file.
 *
 * @module longrunning/sqlite
 */

export { type SqliteStoreOptions, sqliteStore } from './sqlite-store.js';
