import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from '@jest/globals';
import { SQLITE_MIGRATIONS } from '../../../src/stores/migrations/sqlite/index.js';
import { sqliteStore } from '../../../src/stores/sqlite/index.js';
import { tempDirectory } from '../../helpers/sqlite-file.js';
import { expectMigrated, recordOf } from '../stores.js';

const APPLICATION_ID = 0x4c_52_4f_50;

it('a database of the first version: what it has is kept, and new operations have their trace', async () => {
  using directory = tempDirectory();
  const path = join(directory.path, 'operations.db');
  const old = new DatabaseSync(path);
  old.exec(`${SQLITE_MIGRATIONS[0]}; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1`);
  const { name, parent, method, request, createTime } = recordOf(1);
  old
    .prepare(
      `INSERT INTO operations (name, parent, method, request, cancellable, version, attempt, create_time)
       VALUES (?, ?, ?, ?, 1, 1, 0, ?)`,
    )
    .run(name, parent, method, request, createTime);
  old.close();

  await expectMigrated(sqliteStore(path));
});
