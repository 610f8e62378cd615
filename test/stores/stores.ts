import { expect } from '@jest/globals';
import type { OperationRecord, OperationStore } from '../../src/stores/contract/operation-store.js';
import { memoryStore } from '../../src/stores/memory/memory-store.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { postgresStoreForTest } from '../helpers/postgres-database.js';
import { sqliteInTempDirectory } from '../helpers/sqlite-file.js';

/** Store on which properties of every store are tested. */
export interface TestedStore {
  readonly name: string;
  open(): OperationStore | Promise<OperationStore>;
  /** Number of runs of a property, depending on how long opening takes. */
  readonly numRuns: number;
}

export const STORES: readonly TestedStore[] = [
  { name: 'memory', open: memoryStore, numRuns: 300 },
  { name: 'SQLite in memory', open: () => sqliteStore(':memory:'), numRuns: 100 },
  { name: 'SQLite', open: sqliteInTempDirectory, numRuns: 10 },
  { name: 'PostgreSQL', open: postgresStoreForTest, numRuns: 6 },
];

/** Record with as few fields as possible. */
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

/** Additional fields of an ended record, which expires at `expireTime`. */
export function ended(expireTime: number): Partial<OperationRecord> {
  return {
    endTime: 0,
    expireTime,
    result: { $case: 'error', value: { code: 1, message: '', details: [] } },
  };
}

/**
 * Checks that a store on a database of the first version has kept `recordOf(1)`, and stores trace contexts. Closes
 * it.
 */
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
