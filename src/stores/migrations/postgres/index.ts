import { operations } from './0001-operations.js';
import { traceContext } from './0002-trace-context.js';
import { settings } from './0005-settings.js';
import { unfinishedBySequence } from './0003-unfinished-by-sequence.js';
import { requestHash } from './0004-request-hash.js';

/** Steps from an empty schema to the current version. A released step never changes. */
export const MIGRATIONS: readonly ((schema: string) => string)[] = [
  operations,
  traceContext,
  unfinishedBySequence,
  requestHash,
  settings,
];

/**
 * Oldest version whose code can use a schema of the newest version. A migration that earlier code cannot work with
 * raises it to its own number. Otherwise a server of the previous version can restart after the migration.
 */
export const OLDEST_VERSION = 1;
