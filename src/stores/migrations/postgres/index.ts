import { operations } from './0001-operations.js';
import { traceContext } from './0002-trace-context.js';

/** What makes a schema what this version of the store needs, step by step. A step that was released never changes. */
export const MIGRATIONS: readonly ((schema: string) => string)[] = [operations, traceContext];
