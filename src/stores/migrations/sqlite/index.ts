import { operations } from './0001-operations.js';
import { traceContext } from './0002-trace-context.js';
import { settings } from './0003-settings.js';

/** Steps from version n, at index n, to version n + 1. A released step never changes. */
export const SQLITE_MIGRATIONS: readonly string[] = [operations, traceContext, settings];

/** Oldest version whose code can use a file of the newest version; see the PostgreSQL migrations. */
export const OLDEST_SQLITE_VERSION = 1;
