import type { BenchCase, Measurements } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import type { HeldLoadRequests } from '../harness/held-load.ts';
import { once } from '../harness/once.ts';
import { takeTurns } from '../harness/rounds.ts';
import type { HeldRequests } from '../servers/held.ts';

const HELD = new URL('../servers/held.ts', import.meta.url);
const LOAD = new URL('../harness/held-load.ts', import.meta.url);

const ROUNDS = { warmUp: 1, measured: 5 };
const WAITS = 10_000;

type Side = 'bare' | 'each' | 'shared';

/** One round of one side. */
interface Sample {
  readonly bytesPerWait: number;
  /** From the moment when they are released until the last has returned. */
  readonly wokenMs: number;
}

const measured = once(measure);
const goal = { bound: 'at most', ratio: 1.3 } as const;
const theirs = `as many calls that a bare handler of grpc-js has not answered`;

/** What it costs that many wait. */
export const heldCases: readonly BenchCase[] = [
  {
    name: 'waits-memory',
    ours: `memory of the server for each of ${WAITS} open waits, each for an operation of its own`,
    theirs,
    goal,
    measure: comparing('each', 'bytesPerWait', 'bytes'),
  },
  {
    name: 'waits-woken',
    ours: `${WAITS} waits for one operation, from its end until the last has returned`,
    theirs,
    goal,
    measure: comparing('shared', 'wokenMs', 'milliseconds'),
  },
  {
    name: 'waits-woken-each',
    ours: `${WAITS} waits for as many operations that end at once, from the first end until the last has returned`,
    theirs,
    measure: comparing('each', 'wokenMs', 'milliseconds'),
  },
];

function comparing(side: Side, quantity: keyof Sample, unit: string): () => Promise<Measurements> {
  return async () => {
    const rounds = (await measured()).map((round) => ({
      ours: round[side][quantity],
      theirs: round.bare[quantity],
    }));
    return { main: { quantity: unit, rounds }, context: [] };
  };
}

async function measure(): Promise<Record<Side, Sample>[]> {
  const processes = new AsyncDisposableStack();
  try {
    const load = processes.use(await Child.start<HeldLoadRequests>(LOAD, 'load'));
    const side = async (kind: 'kit' | 'bare', operations: number) => {
      const server = processes.use(await Child.start<HeldRequests>(HELD, 'server'));
      const address = await server.ask('listen', kind);
      return async (): Promise<Sample> => {
        const begun = await server.ask('begin', operations);
        const names = Array.from({ length: WAITS }, (_, index) => begun[index % operations] ?? '');
        const before = await server.ask('memory', undefined);
        await load.ask('open', { address, names });
        const bytesPerWait = ((await server.ask('memory', undefined)) - before) / WAITS;
        const releasedAt = await server.ask('release', undefined);
        return { bytesPerWait, wokenMs: (await load.ask('lastReturnedAt', undefined)) - releasedAt };
      };
    };
    const sides = {
      bare: await side('bare', 1),
      each: await side('kit', WAITS),
      shared: await side('kit', 1),
    };
    return await takeTurns(sides, ROUNDS);
  } finally {
    await processes.disposeAsync();
  }
}
