import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, jest } from '@jest/globals';
import { sqliteStore } from '../../../src/stores/sqlite/index.js';
import { tempDirectory } from '../../helpers/sqlite-file.js';
import { parentOf, SKEWED_COLUMNS, SKEWED_COUNT, useEverything } from '../skewed-operations.js';

/** Fills the table. Creating the indexes afterwards takes a fraction of the time. */
function fill(database: DatabaseSync): void {
  const indexes = database
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    .all();
  for (const { name } of indexes) database.exec(`DROP INDEX ${name}`);
  database.exec(`
    INSERT INTO operations (${Object.keys(SKEWED_COLUMNS).join(', ')})
    WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < ${SKEWED_COUNT})
    SELECT ${Object.values({ ...SKEWED_COLUMNS, request: "x''" }).join(', ')} FROM (SELECT n, ${parentOf} AS parent FROM numbers)`);
  for (const { sql } of indexes) database.exec(String(sql));
  database.exec('ANALYZE');
}

/** Records the statements on operations that are prepared while `work` runs. */
async function preparedBy(work: () => Promise<void>): Promise<ReadonlySet<string>> {
  const prepared = new Set<string>();
  const { prepare } = DatabaseSync.prototype;
  const spy = jest.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (
    this: DatabaseSync,
    sql,
  ) {
    if (/\boperations\b/.test(sql)) prepared.add(sql);
    return prepare.call(this, sql);
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return prepared;
}

/** Steps of a statement that scan a whole table or index. */
function wholeScans(database: DatabaseSync, sql: string): string[] {
  const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
  return steps.map(({ detail }) => String(detail)).filter((detail) => /^SCAN operations/.test(detail));
}

describe('a million operations in SQLite, skewed and analyzed', () => {
  it('every statement finds its rows by an index', async () => {
    using directory = tempDirectory();
    const path = join(directory.path, 'operations.db');
    const empty = sqliteStore(path);
    await empty.ready();
    await empty.close();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA cache_size = -200000');
    fill(database);
    database.function('matches_parent', (_pattern, _parent) => 1);
    const prepared = await preparedBy(async () => {
      const store = sqliteStore(path);
      await store.ready();
      await useEverything(store);
      store.consume(async () => 'released', {
        methods: new Set(['/s/none']),
        maxRunning: 1,
        onError: () => {},
      });
      await store.close();
    });
    for (const verb of ['INSERT', 'UPDATE', 'DELETE', 'DISTINCT', 'CASE', 'OFFSET', 'json_each']) {
      expect([...prepared].filter((sql) => sql.includes(verb))).not.toEqual([]);
    }
    const faults = [...prepared].flatMap((sql) => wholeScans(database, sql).map((step) => ({ step, sql })));
    // Statements on all unfinished operations scan the index of these.
    expect(
      faults.filter(({ step }) => !/ USING (?:COVERING )?INDEX operations_unfinished$/.test(step)),
    ).toEqual([]);
    database.close();
  });
});
