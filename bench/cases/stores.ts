import { startPostgres } from '../../test/helpers/postgres-server.ts';
import type { BenchCase } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import type { LoadRequests } from '../harness/load.ts';
import { once } from '../harness/once.ts';
import { alternate, takeTurns } from '../harness/rounds.ts';
import type { Filling, StoredRequests } from '../servers/stored.ts';

const STORED = new URL('../servers/stored.ts', import.meta.url);
const LOAD = new URL('../harness/load.ts', import.meta.url);
const MILLION = 1_000_000;
const FILTERED = 100_000;
const UNFINISHED = 100;
const FILTERED_PAGES = 100;
const ROUNDS = { warmUp: 3, measured: 11 };
const NAMES = 50_000;
const GETS = { method: 'getOperation', picking: 'random', calls: 2500, inFlight: 64 } as const;
const PAGES = 200;

/** Where a million operations are. */
type Engine = 'SQLite' | 'PostgreSQL';
type Side = 'firstPage' | 'lastPage' | 'get' | 'firstPageOfThousand' | 'getOfThousand';

/** What stores cost when there is much in them. */
export const storeCases: readonly BenchCase[] = [
  ...growthCases('sqlite', 'SQLite'),
  ...growthCases('postgres', 'PostgreSQL'),
  {
    name: 'sqlite-filter',
    ours: 'pages of ListOperations with the filter `done = false`, 100 of 100,000 operations in SQLite',
    theirs: 'the same SQL by hand, its rows made messages',
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

/** They share a million operations, for those take long to store. */
function growthCases(prefix: string, engine: Engine): BenchCase[] {
  const grown = once(() => measureGrowth(engine));
  const comparing = (ours: Side, theirs: Side, quantity: string) => async () => {
    const rounds = (await grown()).map((round) => ({ ours: round[ours], theirs: round[theirs] }));
    return { main: { quantity, rounds }, context: [] };
  };
  return [
    {
      name: `${prefix}-last-page`,
      ours: `the last page of a million operations in ${engine}`,
      theirs: 'the first page of them',
      goal: { bound: 'at most', ratio: 1.3 },
      measure: comparing('lastPage', 'firstPage', 'ms per page of 50'),
    },
    {
      name: `${prefix}-list-of-a-million`,
      ours: `the first page of a million operations in ${engine}`,
      theirs: 'the first page of a thousand',
      goal: { bound: 'at most', ratio: 1.3 },
      measure: comparing('firstPage', 'firstPageOfThousand', 'ms per page of 50'),
    },
    {
      name: `${prefix}-get-of-a-million`,
      ours: `GetOperation, a million operations in ${engine}`,
      theirs: 'a thousand of them',
      goal: { bound: 'at most', ratio: 1.2 },
      measure: comparing('get', 'getOfThousand', `ms for ${GETS.calls} calls`),
    },
  ];
}

function measureGrowth(engine: Engine): Promise<Record<Side, number>[]> {
  return withStores(engine, [MILLION, 1000], async ([million, thousand], processes) => {
    const page = (store: Child<StoredRequests>, at: 'start' | 'end') => async () =>
      (await store.ask('page', { at, times: PAGES })) / PAGES;
    const sides = {
      firstPage: page(million, 'start'),
      lastPage: page(million, 'end'),
      firstPageOfThousand: page(thousand, 'start'),
      get: await getting(million, processes),
      getOfThousand: await getting(thousand, processes),
    };
    return takeTurns(sides, ROUNDS);
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
