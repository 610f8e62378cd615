import { expect, it } from '@jest/globals';
import { MIGRATIONS } from '../../../src/stores/migrations/postgres/index.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { createDatabase } from '../../helpers/postgres-database.js';
import { recordOf } from '../stores.js';

it('a schema of the first version: what it has is kept, and new operations have their trace', async () => {
  await using database = await createDatabase();
  await database.query('CREATE SCHEMA longrunning');
  await database.query('CREATE TABLE longrunning.migrations (version INTEGER PRIMARY KEY)');
  await database.query('INSERT INTO longrunning.migrations VALUES (1)');
  await database.query(MIGRATIONS[0]?.('longrunning') ?? '');
  const { name, parent, method, createTime } = recordOf(1);
  await database.query(
    `INSERT INTO longrunning.operations
       (name, parent, method, request, cancellable, version, attempt, create_time)
     VALUES ('${name}', '${parent}', '${method}', '', true, 1, 0, ${createTime})`,
  );

  const store = postgresStore({ connectionString: database.url });
  try {
    expect(await store.get(name)).toEqual({ ...recordOf(1), request: expect.any(Uint8Array) });
    const traced = recordOf(2, { trace: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } });
    await store.create(traced);
    expect(await store.get(traced.name)).toMatchObject({ trace: traced.trace });
  } finally {
    await store.close();
  }
});
