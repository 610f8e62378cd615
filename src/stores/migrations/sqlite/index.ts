import { operations } from './0001-operations.js';
import { traceContext } from './0002-trace-context.js';
import { settings } from './0003-settings.js';

/**
 * What makes a database of version n one of version n + 1, at index n. What was released is never edited: a
 * change is one more.
 */
export const SQLITE_MIGRATIONS: readonly string[] = [operations, traceContext, settings];

/** Oldest version whose code can use a file of the newest one; see the migrations of PostgreSQL. */
export const OLDEST_SQLITE_VERSION = 1;
