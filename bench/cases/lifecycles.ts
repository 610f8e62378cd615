import type { BenchCase } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import { compareLifecycles } from '../harness/compare-lifecycles.ts';
import type { LifecycleRequests, ReplicaRequests } from '../servers/replica.ts';

const REPLICA = new URL('../servers/replica.ts', import.meta.url);

const goal = { bound: 'at least', ratio: 0.6 } as const;

/** What it costs to bring an operation from start to done, in one process. PostgreSQL: `postgres.ts`. */
export const lifecycleCases: readonly BenchCase[] = [
  {
    name: 'memory-lifecycles',
    ours: 'operations from start to end in memory, in process, 64 at once',
    theirs: 'the same states in a Map by hand, with encoded requests and responses',
    goal,
    measure: () =>
      measure('memory', new URL('../servers/bare-map.ts', import.meta.url), { count: 5000, inFlight: 64 }),
  },
  {
    name: 'sqlite-lifecycles',
    ours: 'operations from start to end on SQLite, in process, 64 at once',
    theirs: 'an insert, two updates and a read of raw `node:sqlite`, each change durable',
    goal,
    measure: () =>
      measure('sqlite', new URL('../servers/bare-sqlite.ts', import.meta.url), { count: 1000, inFlight: 64 }),
  },
];

async function measure(
  store: 'memory' | 'sqlite',
  bare: URL,
  lifecycles: { readonly count: number; readonly inFlight: number },
): ReturnType<BenchCase['measure']> {
  const processes = new AsyncDisposableStack();
  try {
    const ours = processes.use(await Child.start<ReplicaRequests>(REPLICA, 'server'));
    await ours.ask('open', { store, work: 'short' });
    const theirs = processes.use(await Child.start<LifecycleRequests>(bare, 'server'));
    return await compareLifecycles({ ours, theirs }, lifecycles);
  } finally {
    await processes.disposeAsync();
  }
}
