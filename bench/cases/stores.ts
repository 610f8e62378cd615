import { startPostgres } from '../../test/helpers/postgres-server.ts';
import type { BenchCase, Measurements } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import type { LoadRequests } from '../harness/load.ts';
import { alternate } from '../harness/rounds.ts';
import type { Filling, StoredRequests } from '../servers/stored.ts';

const STORED = new URL('../servers/stored.ts', import.meta.url);
const LOAD = new URL('../harness/load.ts', import.meta.url);
const MILLION = 1_000_000;
const ROUNDS = { warmUp: 3, measured: 21 };
const NAMES = 50_000;
const GETS = { method: 'getOperation', picking: 'random', calls: 2500, inFlight: 64 } as const;
const PAGES = 200;

/** Where a million operations are. */
type Engine = 'SQLite' | 'PostgreSQL';

/** What stores cost when there is much in them. */
export const storeCases: readonly BenchCase[] = [
  lastPage('sqlite-last-page', 'SQLite'),
  getOfAMillion('sqlite-get-of-a-million', 'SQLite'),
  lastPage('postgres-last-page', 'PostgreSQL'),
  getOfAMillion('postgres-get-of-a-million', 'PostgreSQL'),
];

function lastPage(name: string, engine: Engine): BenchCase {
  return {
    name,
    ours: `the last page of a million operations in ${engine}`,
    theirs: 'the first page of them',
    goal: { bound: 'at most', ratio: 1.5 },
    measure: () =>
      withStores(engine, [MILLION], async ([store]) => {
        const sample = async (at: 'start' | 'end') => (await store.ask('page', { at, times: PAGES })) / PAGES;
        const sides = { ours: () => sample('end'), theirs: () => sample('start') };
        return {
          main: { quantity: 'ms per page of 50', rounds: await alternate(sides, ROUNDS) },
          context: [],
        };
      }),
  };
}

function getOfAMillion(name: string, engine: Engine): BenchCase {
  return {
    name,
    ours: `GetOperation, a million operations in ${engine}`,
    theirs: 'a thousand of them',
    goal: { bound: 'at most', ratio: 1.3 },
    measure: () =>
      withStores(engine, [MILLION, 1000], async ([million, thousand], processes) => {
        const sides = { ours: await getting(million, processes), theirs: await getting(thousand, processes) };
        const rounds = await alternate(sides, ROUNDS);
        return { main: { quantity: 'ms for 2500 calls', rounds }, context: [] };
      }),
  };
}

type Stores<Counts extends readonly number[]> = { [Index in keyof Counts]: Child<StoredRequests> };

/** Measures with stores that are filled with so many operations, each in a process of its own. */
async function withStores<const Counts extends readonly number[]>(
  engine: Engine,
  counts: Counts,
  measure: (stores: Stores<Counts>, processes: AsyncDisposableStack) => Promise<Measurements>,
): Promise<Measurements> {
  const processes = new AsyncDisposableStack();
  try {
    const stores: Child<StoredRequests>[] = [];
    for (const count of counts) {
      const store = processes.use(await Child.start<StoredRequests>(STORED, 'server'));
      await store.ask('fill', { count, store: await openEngine(engine, processes) });
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
