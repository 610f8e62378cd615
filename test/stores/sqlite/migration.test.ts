import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from '@jest/globals';
import { Code } from '../../../src/core/status.js';
import { createOperations } from '../../../src/server/index.js';
import { SQLITE_MIGRATIONS } from '../../../src/stores/migrations/sqlite/index.js';
import { sqliteStore } from '../../../src/stores/sqlite/index.js';
import { tempDirectory } from '../../helpers/sqlite-file.js';
import { ended, expectMigrated, recordOf } from '../stores.js';

const APPLICATION_ID = 0x4c_52_4f_50;

it('a database of the first version: its operations are kept, and new ones have trace contexts', async () => {
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

it.each([
  ['that this one may use: it is used unchanged', 1, undefined],
  [
    'that this one may not use: refused',
    SQLITE_MIGRATIONS.length + 1,
    /use the newer version of longrunning/,
  ],
])('a database of a later version %s', async (_what, oldestVersion, refusal) => {
  using directory = tempDirectory();
  const path = join(directory.path, 'operations.db');
  const before = sqliteStore(path);
  await before.create(recordOf(1));
  await before.close();
  const later = new DatabaseSync(path);
  later.exec(`
    PRAGMA user_version = ${SQLITE_MIGRATIONS.length + 1};
    UPDATE settings SET value = '${oldestVersion}' WHERE key = 'oldest_version'`);
  later.close();

  const store = sqliteStore(path);
  try {
    if (refusal) {
      const message = expect.stringMatching(refusal);
      await expect(store.ready()).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION, message });
      return;
    }
    expect(await store.get(recordOf(1).name)).toMatchObject({ version: 1 });
    await store.create(recordOf(2));
  } finally {
    await store.close();
  }
});

it('a page token is valid after a restart (contract 27)', async () => {
  using directory = tempDirectory();
  const path = join(directory.path, 'operations.db');
  const store = sqliteStore(path);
  for (const id of [1, 2]) await store.create(recordOf(id, ended(Number.MAX_SAFE_INTEGER)));
  await store.close();
  const list = async (pageToken?: string) => {
    const operations = createOperations({ store: sqliteStore(path), methods: [] });
    const page = await operations.api.listOperations({ name: 'a', pageSize: 1, pageToken });
    await operations.close({ graceMs: 0 });
    return page;
  };
  const first = await list();
  expect(await list(first.nextPageToken)).toMatchObject({ operations: [{ name: recordOf(1).name }] });
});
