import { randomUUID } from 'node:crypto';
import { describe, it } from '@jest/globals';
import { type ConformanceCase, storeConformance } from '../../src/conformance/index.js';
import type { OperationStore } from '../../src/stores/contract/operation-store.js';
import type { PostgresStoreOptions } from '../../src/stores/postgres/index.js';
import { postgresStoreForTest } from '../helpers/postgres-database.js';

const schemas = new WeakMap<OperationStore, string>();

async function openSchema(schema: string, options: Partial<PostgresStoreOptions> = {}) {
  const store = await postgresStoreForTest({ schema, ...options });
  schemas.set(store, schema);
  return store;
}

function newSchema(): string {
  return `test_${randomUUID().replaceAll('-', '')}`;
}

function isAboutRecovery({ name }: ConformanceCase): boolean {
  return name.startsWith('recovery › ');
}

describe('PostgreSQL store', () => {
  for (const { name, run } of storeConformance({ open: () => openSchema(newSchema()) }))
    it.concurrent(name, run);

  // Work of a dead server is taken over when its lease expires: a short one here, and all cases wait concurrently.
  const leaseMs = 2000;
  const cases = storeConformance({
    open: () => openSchema(newSchema(), { leaseMs }),
    reopen: (earlier) => openSchema(schemas.get(earlier) ?? '', { leaseMs }),
  });
  for (const { name, run } of cases.filter(isAboutRecovery)) it.concurrent(name, run);
});
