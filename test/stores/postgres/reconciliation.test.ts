import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { reconcile } from '../../../src/stores/postgres/consumption.js';
import type { Session } from '../../../src/stores/postgres/session.js';
import { createRows } from '../../../src/stores/postgres/writes.js';
import { rowOf } from '../../../src/stores/sql/operation-row.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { createDatabase, type TestDatabase } from '../../helpers/postgres-database.js';
import { openTestSession } from '../../helpers/postgres-session.js';
import { recordOf } from '../stores.js';

const closing = closeAfterEach();

const open = (database: TestDatabase) => openTestSession(database, closing);

describe('lost jobs', () => {
  const notice = (subject: string) => ({ sender: 'me', kind: 'work', subject }) as const;

  it('are recreated in batches, by one server at a time', async () => {
    const database = closing(await createDatabase());
    const session = await open(database);
    await database.query(`
      INSERT INTO longrunning.operations (name, parent, method, request, cancellable, version, attempt, create_time)
      SELECT 'a/operations/' || n, 'a', '/s/m' || n % 2, '', true, 1, 0, n FROM generate_series(1, 4100) AS n`);
    const jobs = async () => {
      const { rows } = await database.query('SELECT count(*)::integer AS count FROM longrunning_jobs.job');
      return rows[0].count;
    };
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query('BEGIN');
    await other.query(
      "SELECT pg_advisory_xact_lock(hashtextextended('longrunning reconciliation longrunning:longrunning', 0))",
    );
    await reconcile(session, notice);
    expect(await jobs()).toBe(0);
    await other.end();
    const told: unknown[] = [];
    const listening = new pg.Client({ connectionString: database.url });
    await listening.connect();
    closing({ [Symbol.asyncDispose]: () => listening.end() });
    listening.on('notification', ({ payload }) => told.push(payload));
    await listening.query('LISTEN "longrunning:longrunning"');
    await reconcile(session, notice);
    expect(await jobs()).toBe(4100);
    // Every batch that adds jobs notifies the servers, once per method and batch.
    await listening.query('SELECT');
    expect(told.toSorted()).toEqual([0, 0, 0, 1, 1, 1].map((method) => `me work /s/m${method}`));
    told.length = 0;
    await database.query("DELETE FROM longrunning_jobs.job WHERE data->>'operation' = 'a/operations/4099'");
    await reconcile(session, notice);
    expect(await jobs()).toBe(4100);
    await reconcile(session, notice);
    await listening.query('SELECT');
    expect(told).toEqual(['me work /s/m1']);
  });
});

describe('new rows', () => {
  it('are added in the same order by all servers: method, parent and request id (contract 8)', async () => {
    let added: readonly string[] = [];
    const queries = {
      async query(_text: string, values: unknown[] = []) {
        if (Array.isArray(values[2])) added = values[2] as string[];
        return { rows: [], rowCount: 0 };
      },
    };
    const session = {
      channel: 'c',
      sql: { create: 'create' },
      database: {
        transaction: (_settings: object, work: (given: typeof queries) => unknown) => work(queries),
      },
    } as unknown as Session;
    const records = [
      recordOf(1, { requestId: 'b' }),
      recordOf(2),
      recordOf(3, { requestId: 'a' }),
      recordOf(4, { requestId: 'a', method: '/s/a' }),
      recordOf(5, { requestId: 'c', parent: '0' }),
      recordOf(6),
    ];
    const named = records.map((record) => ({ row: { ...rowOf(record), name: `${record.createTime}` } }));
    for (const writes of [named, named.toReversed()]) {
      expect(await createRows(session, '', writes)).toEqual(writes.map(() => false));
      expect(added.slice(2)).toEqual(['4', '5', '3', '1']);
    }
  });
});
