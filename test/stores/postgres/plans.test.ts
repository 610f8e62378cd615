import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { MAX_EXAMINED } from '../../../src/stores/contract/operation-store.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { statements } from '../../../src/stores/postgres/statements.js';
import { createDatabase } from '../../helpers/postgres-database.js';
import { recordingPool, type Statement } from '../../helpers/recording-pool.js';
import { parentOf, SKEWED_COLUMNS, SKEWED_COUNT, useEverything } from '../skewed-operations.js';

/** Upper bound on rows read: a page examines `MAX_EXAMINED` rows and reads its own rows once more. */
const MOST_ROWS = MAX_EXAMINED + 1000;

/** Node of a plan, as in `EXPLAIN (FORMAT JSON)`. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Scan Direction'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** Fills the table. Creating the indexes afterwards takes a fraction of the time. */
async function fill(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'longrunning' AND tablename = 'operations' AND indexname <> 'operations_pkey'",
  );
  await client.query("SET maintenance_work_mem = '256MB'");
  await client.query('ALTER TABLE longrunning.operations DROP CONSTRAINT operations_name_key');
  for (const { indexname } of rows) await client.query(`DROP INDEX IF EXISTS longrunning.${indexname}`);
  await client.query(`
    INSERT INTO longrunning.operations (${Object.keys(SKEWED_COLUMNS).join(', ')})
    SELECT ${Object.values(SKEWED_COLUMNS).join(', ')}
    FROM (SELECT n, ${parentOf} AS parent FROM generate_series(1, ${SKEWED_COUNT}) AS n) AS given`);
  for (const { indexdef } of rows) await client.query(indexdef);
  await client.query('ANALYZE longrunning.operations');
}

/** Scans of a statement, which is executed and rolled back. */
async function scansOf(client: pg.Client, { text, values }: Statement): Promise<readonly PlanNode[]> {
  await client.query('BEGIN');
  try {
    const { rows } = await client.query(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`, values);
    const nodes = [rows[0]['QUERY PLAN'][0].Plan as PlanNode];
    for (const node of nodes) nodes.push(...(node.Plans ?? []));
    return nodes.filter((node) => / Scan$/.test(node['Node Type']) && node['Relation Name'] !== undefined);
  } finally {
    await client.query('ROLLBACK');
  }
}

/** Reason why the cost of a scan grows with the number of operations; undefined if it does not. */
function faultOf(scan: PlanNode): string | undefined {
  if (scan['Node Type'] === 'Seq Scan') return 'sequential scan';
  const rows = (scan['Actual Rows'] + (scan['Rows Removed by Filter'] ?? 0)) * scan['Actual Loops'];
  return rows > MOST_ROWS ? `${rows} rows` : undefined;
}

describe('a million operations in PostgreSQL, skewed and analyzed', () => {
  it('every statement finds its rows by an index, and reads no others', async () => {
    await using database = await createDatabase();
    const pool = recordingPool(database.url);
    const store = postgresStore({ pool });
    const client = new pg.Client({ connectionString: database.url });
    try {
      await store.ready();
      await client.connect();
      await fill(client);
      await useEverything(store);
      await store.checkWritable?.();
      const sql = statements('"longrunning"', '"longrunning_jobs"');
      const recorded = [
        ...pool.statements,
        { text: sql.getMany, values: [['old/operations/1', 'huge/operations/300000']] },
        { text: sql.unfinished, values: ['/s/old', '0', 1000] },
        { text: sql.tryWrite, values: ['nowhere/operations/1', Buffer.of()] },
        { text: sql.unfinished, values: ['/s/m1', '950000', 1000] },
      ].filter(
        ({ text }) => text.includes('"longrunning".operations') && !/^\s*(CREATE|ALTER|DROP)/.test(text),
      );
      // No other statement is excluded: `notify` reads no table, and `readSetting` a table of two rows.
      const { notify, readSetting, ...others } = sql;
      for (const text of Object.values(others)) expect(recorded.map((each) => each.text)).toContain(text);
      const faults: unknown[] = [];
      for (const statement of recorded) {
        for (const scan of await scansOf(client, statement)) {
          const fault = faultOf(scan);
          if (fault) faults.push({ fault, ...statement, scan });
        }
      }
      expect(faults).toEqual([]);
    } finally {
      await client.end();
      await store.close();
      await pool.end();
    }
  });
});
