import type { BenchCase, Measurements } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import { type CurveCase, pointsOf } from '../harness/curve.ts';
import type { HeldLoadRequests } from '../harness/held-load.ts';
import { once } from '../harness/once.ts';
import { takeTurns } from '../harness/rounds.ts';
import type { HeldRequests } from '../servers/held.ts';

const HELD = new URL('../servers/held.ts', import.meta.url);
const LOAD = new URL('../harness/held-load.ts', import.meta.url);

const ROUNDS = { warmUp: 1, measured: 3 };
const WAITS = 10_000;

const CURVE_ROUNDS = { warmUp: 0, measured: 3 };
/** How many waits are open, for the curve. */
const WAIT_COUNTS = [1000, 4000, WAITS] as const;

type Side = 'bare' | 'each' | 'shared';

/** One round of one side. */
interface Sample {
  readonly bytesPerWait: number;
  /** From the moment when they are released until the last has returned. */
  readonly wokenMs: number;
}

/** What there is to a count of waits, for either server. */
type Grown = Record<`${'bare' | 'each'} ${(typeof WAIT_COUNTS)[number]}`, Sample>;

const measured = once(measure);
const goal = { bound: 'at most', ratio: 1.3 } as const;
const theirs = `as many calls that a bare grpc-js handler has not answered`;

/** What it costs that many wait. */
export const heldCases: readonly BenchCase[] = [
  {
    name: 'waits-memory',
    ours: `server memory for each of ${WAITS} open waits, each for an operation of its own`,
    theirs,
    goal,
    measure: comparing('each', 'bytesPerWait', 'bytes'),
  },
  {
    name: 'waits-woken',
    ours: `${WAITS} waits for one operation, from its end to the last return`,
    theirs,
    goal,
    measure: comparing('shared', 'wokenMs', 'milliseconds'),
  },
  {
    name: 'waits-woken-each',
    ours: `${WAITS} waits for as many operations that end at once, from the first end to the last return`,
    theirs,
    measure: comparing('each', 'wokenMs', 'milliseconds'),
  },
];

function comparing(side: Side, quantity: keyof Sample, unit: string): () => Promise<Measurements> {
  return async () => {
    const rounds = (await measured()).sides.map((round) => ({
      ours: round[side][quantity],
      theirs: round.bare[quantity],
    }));
    return { main: { quantity: unit, rounds }, context: [] };
  };
}

/** What each wait costs when there are more of them. */
export const waitCurves: readonly CurveCase[] = [
  {
    name: 'waits',
    async measure() {
      const { growth } = await measured();
      const line = (side: 'bare' | 'each', quantity: keyof Sample) =>
        pointsOf(growth, WAIT_COUNTS, (round, count) =>
          // The memory is of each already.
          quantity === 'wokenMs'
            ? (1000 * round[`${side} ${count}`].wokenMs) / count
            : round[`${side} ${count}`][quantity],
        );
      return {
        title: 'Cost of a wait by the number of open waits',
        x: { title: 'open waits, each for an operation of its own', scale: 'log' },
        y: { title: 'per wait, times that of 1,000', scale: 'linear' },
        lines: [
          { label: 'memory, longrunning', quantity: 'bytes per wait', points: line('each', 'bytesPerWait') },
          { label: 'memory, bare grpc-js', quantity: 'bytes per call', points: line('bare', 'bytesPerWait') },
          { label: 'time to wake, longrunning', quantity: 'µs per wait', points: line('each', 'wokenMs') },
          { label: 'time to answer, bare grpc-js', quantity: 'µs per call', points: line('bare', 'wokenMs') },
        ],
      };
    },
  },
];

async function measure(): Promise<{ readonly sides: Record<Side, Sample>[]; readonly growth: Grown[] }> {
  const processes = new AsyncDisposableStack();
  try {
    const load = processes.use(await Child.start<HeldLoadRequests>(LOAD, 'load'));
    const side = async (kind: 'kit' | 'bare', operations: (waits: number) => number) => {
      const server = processes.use(await Child.start<HeldRequests>(HELD, 'server'));
      const address = await server.ask('listen', kind);
      return (waits: number) => async (): Promise<Sample> => {
        const begun = await server.ask('begin', operations(waits));
        const names = Array.from({ length: waits }, (_, index) => begun[index % begun.length] ?? '');
        const before = await server.ask('memory', undefined);
        await load.ask('open', { address, names });
        const bytesPerWait = ((await server.ask('memory', undefined)) - before) / waits;
        const releasedAt = await server.ask('release', undefined);
        return { bytesPerWait, wokenMs: (await load.ask('lastReturnedAt', undefined)) - releasedAt };
      };
    };
    const bare = await side('bare', () => 1);
    const each = await side('kit', (waits) => waits);
    const shared = await side('kit', () => 1);
    const sides = await takeTurns({ bare: bare(WAITS), each: each(WAITS), shared: shared(WAITS) }, ROUNDS);
    const growing = WAIT_COUNTS.flatMap((count) => [
      [`bare ${count}`, bare(count)],
      [`each ${count}`, each(count)],
    ]);
    return { sides, growth: await takeTurns(Object.fromEntries(growing), CURVE_ROUNDS) };
  } finally {
    await processes.disposeAsync();
  }
}
