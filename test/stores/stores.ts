import { expect } from '@jest/globals';
import type { OperationRecord, OperationStore } from '../../src/stores/contract/operation-store.js';
import { memoryStore } from '../../src/stores/memory/memory-store.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { postgresStoreForTest } from '../helpers/postgres-database.js';
import { sqliteInTempDirectory } from '../helpers/sqlite-file.js';

/** A store that what is true of every store is tested on. */
export interface TestedStore {
  readonly name: string;
  open(): OperationStore | Promise<OperationStore>;
  /** How often to test a property on it: as often as it is quick to open. */
  readonly numRuns: number;
}

export const STORES: readonly TestedStore[] = [
  { name: 'memory', open: memoryStore, numRuns: 300 },
  { name: 'SQLite in memory', open: () => sqliteStore(':memory:'), numRuns: 100 },
  { name: 'SQLite', open: sqliteInTempDirectory, numRuns: 10 },
  { name: 'PostgreSQL', open: postgresStoreForTest, numRuns: 6 },
];

/** A record that says as little as one can. */
export function recordOf(id: number, facts: Partial<OperationRecord> = {}): OperationRecord {
  const { parent = 'a' } = facts;
  return {
    name: `${parent}/operations/${id}`,
    parent,
    method: '/s/m',
    request: new Uint8Array(),
    cancellable: true,
    version: 1,
    attempt: 0,
    createTime: id,
    metadata: undefined,
    ...facts,
  };
}

/** What a record that ended says besides; it expires when it is told to. */
export function ended(expireTime: number): Partial<OperationRecord> {
  return {
    endTime: 0,
    expireTime,
    result: { $case: 'error', value: { code: 1, message: '', details: [] } },
  };
}

/** A store over a database of the first version with `recordOf(1)` in it has kept that, and keeps traces. Closes it. */
export async function expectMigrated(store: OperationStore): Promise<void> {
  try {
    const kept = recordOf(1);
    expect(await store.get(kept.name)).toEqual({ ...kept, request: expect.any(Uint8Array) });
    const traced = recordOf(2, { trace: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } });
    await store.create(traced);
    expect(await store.get(traced.name)).toMatchObject({ trace: traced.trace });
  } finally {
    await store.close();
  }
}
