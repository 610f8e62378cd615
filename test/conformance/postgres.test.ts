import { randomUUID } from 'node:crypto';
import { describe, it } from '@jest/globals';
import type { OperationStore } from '../../src/stores/operation-store.js';
import { storeConformance } from '../../src/testing/index.js';
import { postgresStoreForTest } from '../helpers/postgres-database.js';

describe('PostgreSQL store', () => {
  const schemas = new WeakMap<OperationStore, string>();
  const openSchema = async (schema: string) => {
    // What a server leaves is taken over soon. One that is slow takes over from itself, which changes nothing.
    const store = await postgresStoreForTest({ schema, leaseMs: 1000 });
    schemas.set(store, schema);
    return store;
  };
  const cases = storeConformance({
    open: () => openSchema(`test_${randomUUID().replaceAll('-', '')}`),
    reopen: (earlier) => openSchema(schemas.get(earlier) ?? ''),
  });
  for (const { name, run } of cases) it(name, run);
});
