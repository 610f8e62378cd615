import { operations } from './0001-operations.js';
import { traceContext } from './0002-trace-context.js';
import { unfinishedBySequence } from './0003-unfinished-by-sequence.js';
import { requestHash } from './0004-request-hash.js';

/** The steps from an empty schema to the one that this version of the store needs. A released step never changes. */
export const MIGRATIONS: readonly ((schema: string) => string)[] = [
  operations,
  traceContext,
  unfinishedBySequence,
  requestHash,
];
