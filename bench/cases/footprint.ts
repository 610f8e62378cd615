import pg from 'pg';
import type { BenchCase, Series } from '../harness/bench-case.ts';
import type { Child } from '../harness/child.ts';
import { withPostgres } from '../harness/replicas.ts';
import { alternate, type Round } from '../harness/rounds.ts';
import type { BareBossRequests } from '../servers/bare-boss.ts';
import type { LifecycleRequests } from '../servers/replica.ts';

const BARE_BOSS = new URL('../servers/bare-boss.ts', import.meta.url);
const LIFECYCLES = { count: 1000, inFlight: 64 };
const ROUNDS = { warmUp: 1, measured: 3 };
/** Of the store, in its schema of that name by default. */
const CHANNEL = 'longrunning:longrunning';

/** What the database had to do for one lifecycle. */
interface Footprint {
  readonly transactions: number;
  readonly logBytes: number;
  readonly notifications: number;
  readonly tableBytes: number;
}

const QUANTITIES: Readonly<Record<keyof Footprint, string>> = {
  transactions: 'transactions that write, per lifecycle',
  logBytes: 'bytes of write-ahead log, per lifecycle',
  notifications: 'notifications to each server, per lifecycle',
  tableBytes: 'bytes of tables and indexes, per lifecycle',
};

/** What arithmetic on a PostgreSQL begins with: see docs/scaling.md. */
export const footprintCases: readonly BenchCase[] = [
  {
    name: 'postgres-footprint',
    ours: `cost in PostgreSQL of each of ${LIFECYCLES.count} operations from start to end, ${LIFECYCLES.inFlight} at once`,
    theirs: 'cost of as many jobs of bare pg-boss, from send to complete',
    measure: () =>
      withPostgres(async ({ url, replica, start }) => {
        const kit = await replica({ store: { url }, work: 'short' });
        const boss = await start<BareBossRequests>(BARE_BOSS);
        await boss.ask('open', url);
        const watch = await watching(url);
        try {
          const sides = { ours: () => watch(kit, 'longrunning'), theirs: () => watch(boss, 'bare') };
          return series(await alternate<Footprint>(sides, ROUNDS));
        } finally {
          await watch.close();
        }
      }),
  },
];

type Counted = Pick<Footprint, 'transactions' | 'logBytes' | 'tableBytes'>;

/** Counts what a PostgreSQL does while a process does lifecycles. Nobody else may be at work on it. */
async function watching(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`LISTEN "${CHANNEL}"`);
  let notifications = 0;
  client.on('notification', () => notifications++);
  const count = async (schema: string): Promise<Counted> => {
    const { rows } = await client.query(
      `SELECT pg_snapshot_xmax(pg_current_snapshot())::text::float8 AS transactions,
         (pg_current_wal_insert_lsn() - '0/0')::float8 AS "logBytes",
         (SELECT sum(pg_total_relation_size(oid))::float8 FROM pg_class
           WHERE relkind = 'r' AND relnamespace::regnamespace::text LIKE $1) AS "tableBytes"`,
      [`%${schema}%`],
    );
    return rows[0];
  };
  const watch = async (
    side: { ask: Child<LifecycleRequests>['ask'] },
    schema: string,
  ): Promise<Footprint> => {
    const before = await count(schema);
    notifications = 0;
    await side.ask('lifecycles', LIFECYCLES);
    const after = await count(schema);
    const each = (total: number) => total / LIFECYCLES.count;
    return {
      transactions: each(after.transactions - before.transactions),
      logBytes: each(after.logBytes - before.logBytes),
      notifications: each(notifications),
      tableBytes: each(after.tableBytes - before.tableBytes),
    };
  };
  return Object.assign(watch, { close: () => client.end() });
}

function series(rounds: readonly Round<Footprint>[]): { main: Series; context: Series[] } {
  const of = (key: keyof Footprint): Series => ({
    quantity: QUANTITIES[key],
    rounds: rounds.map(({ ours, theirs }) => ({ ours: ours[key], theirs: theirs[key] })),
  });
  return {
    main: of('transactions'),
    context: [of('logBytes'), of('notifications'), of('tableBytes')],
  };
}
