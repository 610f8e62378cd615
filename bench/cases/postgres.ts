import { availableParallelism } from 'node:os';
import type { BenchCase } from '../harness/bench-case.ts';
import type { Child } from '../harness/child.ts';
import { compareLifecycles } from '../harness/compare-lifecycles.ts';
import { type CurveCase, pointsOf } from '../harness/curve.ts';
import { withPostgres } from '../harness/replicas.ts';
import { alternate, takeTurns } from '../harness/rounds.ts';
import { quantile } from '../harness/statistics.ts';
import type { BareBossRequests } from '../servers/bare-boss.ts';
import type { ReplicaRequests } from '../servers/replica.ts';

const BARE_BOSS = new URL('../servers/bare-boss.ts', import.meta.url);

const CANCELS = 100;
const CANCEL_ROUNDS = { warmUp: 1, measured: 3 };
const LIFECYCLES = { count: 1000, inFlight: 64 };
const LIFECYCLE_ROUNDS = { warmUp: 1, measured: 3 };
/** Two replicas, a PostgreSQL and what starts the operations, each with one to itself and one to spare. */
const ENOUGH_CPUS = 6;

/** What it costs that servers share a PostgreSQL. */
export const postgresCases: readonly BenchCase[] = [
  cancelCase({ name: 'postgres-cancel', share: 0.5, limitMs: 10 }),
  cancelCase({ name: 'postgres-cancel-tail', share: 0.99, limitMs: 50 }),
  {
    name: 'postgres-lifecycles',
    ours: `${LIFECYCLES.count} operations from start to end on PostgreSQL, ${LIFECYCLES.inFlight} at once`,
    theirs: 'as many jobs of bare pg-boss, from send to complete',
    goal: { bound: 'at least', ratio: 0.6 },
    measure: () =>
      withPostgres(async ({ url, replica, start }) => {
        const postgres = await replica({ store: { url }, work: 'short' });
        const boss = await start<BareBossRequests>(BARE_BOSS);
        await boss.ask('open', url);
        return compareLifecycles({ ours: postgres, theirs: boss }, LIFECYCLES);
      }),
  },
  {
    name: 'postgres-replicas',
    ours: `${LIFECYCLES.count} operations from start to end on two replicas with one PostgreSQL, half started on each`,
    theirs: 'all of them on one replica',
    ...(availableParallelism() >= ENOUGH_CPUS && { goal: { bound: 'at least', ratio: 1.7 } }),
    measure: () =>
      withPostgres(async ({ url, replica }) => {
        const [one, other] = [
          await replica({ store: { url }, work: 'short' }, 'anywhere'),
          await replica({ store: { url }, work: 'short' }, 'anywhere'),
        ];
        const half = { count: LIFECYCLES.count / 2, inFlight: LIFECYCLES.inFlight / 2 };
        const perSecond = (tookMs: number) => (1000 * LIFECYCLES.count) / tookMs;
        const rounds = await alternate(
          {
            ours: async () =>
              perSecond(
                Math.max(...(await Promise.all([one, other].map((side) => side.ask('lifecycles', half))))),
              ),
            theirs: async () => perSecond(await one.ask('lifecycles', LIFECYCLES)),
          },
          LIFECYCLE_ROUNDS,
        );
        return { main: { quantity: 'lifecycles per second', rounds }, context: [] };
      }),
  },
];

/** How many replicas share the work, for the curve. */
const REPLICA_COUNTS = [1, 2, 3] as const;

/** What more replicas bring. */
export const replicaCurves: readonly CurveCase[] = [
  {
    name: 'replicas',
    measure: () =>
      withPostgres(async ({ url, replica }) => {
        const replicas: Child<ReplicaRequests>[] = [];
        for (const _ of REPLICA_COUNTS)
          replicas.push(await replica({ store: { url }, work: 'short' }, 'anywhere'));
        const perSecond = (count: number) => async () => {
          const share = {
            count: Math.ceil(LIFECYCLES.count / count),
            inFlight: Math.ceil(LIFECYCLES.inFlight / count),
          };
          const taken = replicas.slice(0, count).map((each) => each.ask('lifecycles', share));
          return (1000 * share.count * count) / Math.max(...(await Promise.all(taken)));
        };
        const sides = Object.fromEntries(REPLICA_COUNTS.map((count) => [count, perSecond(count)]));
        const rounds: Record<number, number>[] = await takeTurns(sides, LIFECYCLE_ROUNDS);
        const points = pointsOf(rounds, REPLICA_COUNTS, (round, count) => round[count] ?? Number.NaN);
        return {
          title: `Lifecycles per second by replicas on one PostgreSQL, ${availableParallelism()} CPUs in total`,
          x: { title: 'replicas that start operations', scale: 'linear', leastStep: 1 },
          y: { title: 'lifecycles a second, times those of one', scale: 'linear' },
          lines: [{ label: 'longrunning', quantity: 'lifecycles per second', points }],
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
    ours: 'CancelOperation on one replica, until the signal of the work aborts on another; PostgreSQL',
    theirs: `the limit: ${limitMs} ms`,
    goal: { bound: 'at most', ratio: 1 },
    measure,
  };
}
