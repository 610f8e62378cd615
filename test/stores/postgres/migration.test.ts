import { it } from '@jest/globals';
import { MIGRATIONS } from '../../../src/stores/migrations/postgres/index.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { createDatabase } from '../../helpers/postgres-database.js';
import { expectMigrated, recordOf } from '../stores.js';

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

  await expectMigrated(postgresStore({ connectionString: database.url }));
});
