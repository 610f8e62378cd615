import { afterEach, describe, expect, it } from '@jest/globals';
import type { OperationStore } from '../../../src/stores/contract/operation-store.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { createDatabase, type TestDatabase } from '../../helpers/postgres-database.js';
import { recordOf } from '../stores.js';

const COUNT = 300;
const ids = Array.from({ length: COUNT }, (_, id) => id);

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});

async function openDatabase(): Promise<TestDatabase> {
  const database = await createDatabase();
  open.push(database);
  return database;
}

async function openStore({ url }: TestDatabase): Promise<OperationStore> {
  const store = postgresStore({ connectionString: url, poolSize: 4 });
  open.push({ [Symbol.asyncDispose]: () => store.close() });
  await store.ready();
  return store;
}

describe('concurrent writes to PostgreSQL', () => {
  it('share transactions', async () => {
    const database = await openDatabase();
    const store = await openStore(database);
    await Promise.all(ids.map((id) => store.create(recordOf(id))));
    const { rows } = await database.query('SELECT DISTINCT xmin::text FROM longrunning.operations');
    expect(rows.length).toBeLessThan(COUNT / 2);
    const { rows: jobs } = await database.query('SELECT count(*)::int AS count FROM longrunning_jobs.job');
    expect(jobs).toEqual([{ count: COUNT }]);
  });

  it('an invalid one does not prevent the others', async () => {
    const store = await openStore(await openDatabase());
    const metadata = { typeUrl: 'a type\0', value: Buffer.of() };
    const created = await Promise.allSettled(
      ids.map((id) => store.create(recordOf(id, id === 42 ? { metadata } : {}))),
    );
    const changed = await Promise.allSettled(
      ids.map((id) =>
        store.compareAndSet(recordOf(id, { version: 2, ...(id === 7 ? { metadata } : {}) }), 1),
      ),
    );
    expect(ids.filter((id) => created[id]?.status === 'rejected')).toEqual([42]);
    expect(ids.filter((id) => changed[id]?.status === 'rejected')).toEqual([7]);
    const versions = await Promise.all(ids.map(async (id) => (await store.get(recordOf(id).name))?.version));
    expect(versions).toEqual(ids.map((id) => (id === 42 ? undefined : id === 7 ? 1 : 2)));
  });

  it('operations whose jobs cannot be added are not created, and the others are', async () => {
    const database = await openDatabase();
    const store = await openStore(database);
    await database.query(`
      CREATE FUNCTION longrunning_jobs.refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no job for %', NEW.singleton_key; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON longrunning_jobs.job_common
        FOR EACH ROW WHEN (NEW.singleton_key IN ('a/operations/3', 'a/operations/5')) EXECUTE FUNCTION longrunning_jobs.refuse()`);
    const some = ids.slice(0, 20);
    const created = await Promise.allSettled(some.map((id) => store.create(recordOf(id))));
    expect(some.filter((id) => created[id]?.status === 'rejected')).toEqual([3, 5]);
    const { rows } = await database.query(
      `SELECT name FROM longrunning.operations EXCEPT SELECT singleton_key FROM longrunning_jobs.job`,
    );
    expect(rows).toEqual([]);
    const { rows: jobs } = await database.query('SELECT count(*)::int AS count FROM longrunning_jobs.job');
    expect(jobs).toEqual([{ count: some.length - 2 }]);
    expect(await store.get(recordOf(3).name)).toBeUndefined();
  });

  it('several of one operation with the same expected version: one is applied (contract 16)', async () => {
    const store = await openStore(await openDatabase());
    const record = recordOf(1);
    await store.create(record);
    for (const version of [1, 2, 3]) {
      const changes = Array.from({ length: 7 }, (_, attempt) =>
        store.compareAndSet({ ...record, version: version + 1, attempt }, version),
      );
      const won = await Promise.all(changes);
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await store.get(record.name)).toMatchObject({
        version: version + 1,
        attempt: won.indexOf(true),
      });
    }
  });

  it('from servers that write the same rows in different orders: no deadlock (contract 8, 16)', async () => {
    const database = await openDatabase();
    const stores = [await openStore(database), await openStore(database)];
    const asked = stores.flatMap((store, server) => {
      const order = server ? ids : ids.toReversed();
      return order.map((id) => ({ store, server, id, requestId: `request ${id}` }));
    });
    const started = await Promise.all(
      asked.map(({ store, server, id, requestId }) =>
        store.create(recordOf(id, { name: `a/operations/${server}-${id}`, requestId })),
      ),
    );
    const names = new Set(started.map(({ name }) => name));
    expect(names.size).toBe(COUNT);
    const won = await Promise.all(
      asked.map(({ store }, index) => {
        const record = started[index] ?? recordOf(-1);
        return store.compareAndSet({ ...record, version: 2 }, 1);
      }),
    );
    expect(won.filter(Boolean)).toHaveLength(COUNT);
  });
});
