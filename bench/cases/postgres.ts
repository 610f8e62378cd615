import { startPostgres } from '../../test/helpers/postgres-server.ts';
import type { BenchCase, Measurements } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import { alternate } from '../harness/rounds.ts';
import { quantile } from '../harness/statistics.ts';
import type { BareBossRequests } from '../servers/bare-boss.ts';
import type { Opening, ReplicaRequests } from '../servers/replica.ts';

const REPLICA = new URL('../servers/replica.ts', import.meta.url);
const BARE_BOSS = new URL('../servers/bare-boss.ts', import.meta.url);

const CANCELS = 100;
const CANCEL_ROUNDS = { warmUp: 1, measured: 7 };
const LIFECYCLES = { count: 1000, inFlight: 64 };
const LIFECYCLE_ROUNDS = { warmUp: 1, measured: 7 };

/** What it costs that servers share a PostgreSQL. */
export const postgresCases: readonly BenchCase[] = [
  cancelCase({ name: 'postgres-cancel', share: 0.5, limitMs: 10 }),
  cancelCase({ name: 'postgres-cancel-tail', share: 0.99, limitMs: 50 }),
  {
    name: 'postgres-lifecycles',
    ours: `${LIFECYCLES.count} operations from start to done on PostgreSQL, ${LIFECYCLES.inFlight} at once`,
    theirs: 'as many jobs of bare pg-boss from send to complete',
    goal: { bound: 'at least', ratio: 0.5 },
    measure: () =>
      withPostgres(async ({ url, replica, start }) => {
        const postgres = await replica({ store: { url }, work: 'short' });
        const memory = await replica({ store: 'memory', work: 'short' });
        const sqlite = await replica({ store: 'sqlite', work: 'short' });
        const boss = await start<BareBossRequests>(BARE_BOSS);
        await boss.ask('open', url);
        const perSecond = (side: Child<ReplicaRequests> | Child<BareBossRequests>) => async () =>
          (1000 * LIFECYCLES.count) / (await (side as Child<BareBossRequests>).ask('lifecycles', LIFECYCLES));
        const against = (side: Child<ReplicaRequests>) =>
          alternate({ ours: perSecond(side), theirs: perSecond(boss) }, LIFECYCLE_ROUNDS);
        return {
          main: { quantity: 'lifecycles per second', rounds: await against(postgres) },
          context: [
            { quantity: 'lifecycles per second, in memory', rounds: await against(memory) },
            { quantity: 'lifecycles per second, on SQLite', rounds: await against(sqlite) },
          ],
        };
      }),
  },
];

/** How long a cancellation takes from one replica to the work on another, as that many of a hundred do at most. */
function cancelCase({ name, share, limitMs }: { name: string; share: number; limitMs: number }): BenchCase {
  const measure = () =>
    withPostgres(async ({ url, replica }) => {
      const here = await replica({ store: { url }, work: 'none' });
      const there = await replica({ store: { url }, work: 'endless' });
      const ours = async () => {
        const times: number[] = [];
        for (let left = CANCELS; left > 0; left--) {
          const operation = await there.ask('begin', undefined);
          const askedAt = await here.ask('cancel', operation);
          times.push((await there.ask('abortedAt', operation)) - askedAt);
        }
        return quantile(times, share);
      };
      const rounds = await alternate({ ours, theirs: async () => limitMs }, CANCEL_ROUNDS);
      return { main: { quantity: `milliseconds, p${100 * share} of ${CANCELS}`, rounds }, context: [] };
    });
  return {
    name,
    ours: 'from CancelOperation on one replica until the signal of the work aborts on another, PostgreSQL',
    theirs: `the limit: ${limitMs} ms`,
    goal: { bound: 'at most', ratio: 1 },
    measure,
  };
}

interface Replicas {
  readonly url: string;
  start<Offered extends ReplicaRequests | BareBossRequests>(module: URL): Promise<Child<Offered>>;
  replica(opening: Opening): Promise<Child<ReplicaRequests>>;
}

/** Measures with replicas on a PostgreSQL that keeps what it commits. */
async function withPostgres(measure: (replicas: Replicas) => Promise<Measurements>): Promise<Measurements> {
  const processes = new AsyncDisposableStack();
  try {
    const postgres = await startPostgres(['max_connections=100']);
    processes.defer(() => postgres.stop());
    const start = async <Offered extends ReplicaRequests | BareBossRequests>(module: URL) =>
      processes.use(await Child.start<Offered>(module, 'server'));
    const replica = async (opening: Opening) => {
      const child = await start<ReplicaRequests>(REPLICA);
      await child.ask('open', opening);
      return child;
    };
    return await measure({ url: postgres.url, start, replica });
  } finally {
    await processes.disposeAsync();
  }
}
