import { startPostgres } from '../../test/helpers/postgres-server.ts';
import type { BenchCase } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import { type CurveCase, type MeasuredLine, pointsOf } from '../harness/curve.ts';
import type { LoadRequests } from '../harness/load.ts';
import { once } from '../harness/once.ts';
import { alternate, takeTurns } from '../harness/rounds.ts';
import type { Filling, StoredRequests } from '../servers/stored.ts';

const STORED = new URL('../servers/stored.ts', import.meta.url);
const LOAD = new URL('../harness/load.ts', import.meta.url);
const MILLION = 1_000_000;
const FILTERED = 100_000;
const UNFINISHED = 100;
const FILTERED_PAGES = 5000;
const ROUNDS = { warmUp: 1, measured: 5 };
const NAMES = 50_000;
const GETS = { method: 'getOperation', picking: 'random', calls: 2500, inFlight: 64 } as const;
const PAGES = 200;

/** Where a million operations are. */
type Engine = 'SQLite' | 'PostgreSQL';
/** How many operations are stored side by side, for the curves. */
const STORED_COUNTS = [1000, 10_000, 100_000, MILLION] as const;
/** How much of a million is above a page. */
const DEPTHS = [0, 0.25, 0.5, 0.75, 1] as const;
type Side =
  | `get of ${(typeof STORED_COUNTS)[number]}`
  | `page of ${(typeof STORED_COUNTS)[number]} at ${(typeof DEPTHS)[number]}`;

/** What stores cost when there is much in them. */
export const storeCases: readonly BenchCase[] = [
  ...growthCases('sqlite', 'SQLite'),
  ...growthCases('postgres', 'PostgreSQL'),
  {
    name: 'sqlite-filter',
    ours: 'pages of ListOperations with the filter `done = false`, 100 of 100,000 operations in SQLite',
    theirs: 'the same SQL by hand, with messages made of its rows',
    goal: { bound: 'at most', ratio: 1.2 },
    measure: () =>
      withStores('SQLite', [FILTERED], async ([store]) => {
        await store.ask('begin', UNFINISHED);
        const sample = (by: 'filter' | 'hand') => async () =>
          (await store.ask('unfinished', { by, times: FILTERED_PAGES })) / FILTERED_PAGES;
        const rounds = await alternate({ ours: sample('filter'), theirs: sample('hand') }, ROUNDS);
        return { main: { quantity: 'ms per page of 50', rounds }, context: [] };
      }),
  },
];

/** All that is measured of much in a store shares a million operations, for those take long to store. */
const grown = {
  SQLite: once(() => measureGrowth('SQLite')),
  PostgreSQL: once(() => measureGrowth('PostgreSQL')),
};

function growthCases(prefix: string, engine: Engine): BenchCase[] {
  const comparing = (ours: Side, theirs: Side, quantity: string) => async () => {
    const rounds = (await grown[engine]()).map((round) => ({ ours: round[ours], theirs: round[theirs] }));
    return { main: { quantity, rounds }, context: [] };
  };
  return [
    {
      name: `${prefix}-last-page`,
      ours: `the last page of a million operations in ${engine}`,
      theirs: 'the first page of them',
      goal: { bound: 'at most', ratio: 1.3 },
      measure: comparing('page of 1000000 at 1', 'page of 1000000 at 0', 'ms per page of 50'),
    },
    {
      name: `${prefix}-list-of-a-million`,
      ours: `the first page of a million operations in ${engine}`,
      theirs: 'the first page of a thousand',
      goal: { bound: 'at most', ratio: 1.3 },
      measure: comparing('page of 1000000 at 0', 'page of 1000 at 0', 'ms per page of 50'),
    },
    {
      name: `${prefix}-get-of-a-million`,
      ours: `GetOperation, a million operations in ${engine}`,
      theirs: 'a thousand of them',
      goal: { bound: 'at most', ratio: 1.2 },
      measure: comparing('get of 1000000', 'get of 1000', `ms for ${GETS.calls} calls`),
    },
  ];
}

/** What the same call costs with more in the store, and further down in it. */
export const storeCurves: readonly CurveCase[] = [
  {
    name: 'operations-stored',
    measure: async () => ({
      title: 'Cost of calls by operations stored',
      x: { title: 'operations stored', scale: 'log' },
      y: { title: 'time, times that with 1,000', scale: 'linear' },
      lines: [
        ...(await engineLines(
          'GetOperation',
          `ms for ${GETS.calls} calls`,
          STORED_COUNTS,
          (round, count) => round[`get of ${count}`],
        )),
        ...(await engineLines(
          'first page of 50',
          'ms per page',
          STORED_COUNTS,
          (round, count) => round[`page of ${count} at 0`],
        )),
      ],
    }),
  },
  {
    name: 'page-depth',
    measure: async () => ({
      title: 'Cost of a page by its depth in a million operations',
      x: { title: 'operations before the page, % of a million', scale: 'linear' },
      y: { title: 'time, times that of the first page', scale: 'linear' },
      lines: (
        await engineLines(
          'page of 50',
          'ms per page',
          DEPTHS,
          (round, depth) => round[`page of ${MILLION} at ${depth}`],
        )
      ).map((line) => ({ ...line, points: line.points.map(({ x, values }) => ({ x: 100 * x, values })) })),
    }),
  },
];

/** One line for each engine. */
async function engineLines<const X extends number>(
  what: string,
  quantity: string,
  xs: readonly X[],
  value: (round: Record<Side, number>, x: X) => number,
): Promise<MeasuredLine[]> {
  const lines: MeasuredLine[] = [];
  for (const engine of ['SQLite', 'PostgreSQL'] as const)
    lines.push({ label: `${what}, ${engine}`, quantity, points: pointsOf(await grown[engine](), xs, value) });
  return lines;
}

function measureGrowth(engine: Engine): Promise<Record<Side, number>[]> {
  return withStores(engine, STORED_COUNTS, async (stores, processes) => {
    const sides: Partial<Record<Side, () => Promise<number>>> = {};
    for (const [index, count] of STORED_COUNTS.entries()) {
      const store = stores[index] as Child<StoredRequests>;
      for (const depth of count === MILLION ? DEPTHS : ([0] as const))
        sides[`page of ${count} at ${depth}`] = async () =>
          (await store.ask('page', { depth, times: PAGES })) / PAGES;
      sides[`get of ${count}`] = await getting(store, processes);
    }
    return takeTurns(sides as Record<Side, () => Promise<number>>, ROUNDS);
  });
}

type Stores<Counts extends readonly number[]> = { [Index in keyof Counts]: Child<StoredRequests> };

/** Measures with stores that are filled with so many operations, each in a process of its own. */
async function withStores<const Counts extends readonly number[], Result>(
  engine: Engine,
  counts: Counts,
  measure: (stores: Stores<Counts>, processes: AsyncDisposableStack) => Promise<Result>,
): Promise<Result> {
  const processes = new AsyncDisposableStack();
  try {
    const stores: Child<StoredRequests>[] = [];
    for (const count of counts) {
      // Before the process that uses it, so that it stops after.
      const where = await openEngine(engine, processes);
      const store = processes.use(await Child.start<StoredRequests>(STORED, 'server'));
      await store.ask('fill', { count, store: where });
      stores.push(store);
    }
    return await measure(stores as Stores<Counts>, processes);
  } finally {
    await processes.disposeAsync();
  }
}

/** Where to put operations: a PostgreSQL of their own, for reading. */
async function openEngine(engine: Engine, processes: AsyncDisposableStack): Promise<Filling['store']> {
  if (engine === 'SQLite') return 'sqlite';
  const postgres = await startPostgres(['max_connections=20', 'synchronous_commit=off']);
  processes.defer(() => postgres.stop());
  return { url: postgres.url };
}

/** Calls of a client of its own for operations at random; each time tells how long they took. */
async function getting(
  store: Child<StoredRequests>,
  processes: AsyncDisposableStack,
): Promise<() => Promise<number>> {
  const { address, names } = await store.ask('serve', NAMES);
  const load = processes.use(await Child.start<LoadRequests>(LOAD, 'load'));
  await load.ask('use', names);
  return () => load.ask('run', { ...GETS, address });
}
