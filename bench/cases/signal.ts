import type { BenchCase, Measurements } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import { once } from '../harness/once.ts';
import type { RoundTripRequests } from '../harness/round-trip.ts';
import { takeTurns } from '../harness/rounds.ts';
import { quantile } from '../harness/statistics.ts';
import type { PeerRequests } from '../servers/peer.ts';
import type { SignalRequests } from '../servers/signal.ts';

const SIGNAL = new URL('../servers/signal.ts', import.meta.url);
const BARE = new URL('../servers/bare.ts', import.meta.url);
const ROUND_TRIP = new URL('../harness/round-trip.ts', import.meta.url);

const ROUNDS = { warmUp: 3, measured: 11 };
const CANCELS = 100;

type Side = 'bare' | 'inProcess' | 'grpc';

const theirs = 'the round trip of a CancelOperation between a client and a bare handler of grpc-js';
const goal = { bound: 'at most', ratio: 1.3 } as const;
const measured = once(measure);

/** How soon work hears that it is cancelled. */
export const signalCases: readonly BenchCase[] = [
  {
    name: 'signal-in-process',
    ours: 'CancelOperation in process, until the signal of the work aborts; memory store',
    theirs,
    goal,
    measure: comparing('inProcess'),
  },
  {
    name: 'signal-grpc',
    ours: 'CancelOperation by a grpc-js client, until the signal of the work aborts; memory store',
    theirs,
    goal,
    measure: comparing('grpc'),
  },
];

function comparing(side: Side): () => Promise<Measurements> {
  return async () => {
    const rounds = (await measured()).map((round) => ({ ours: round[side], theirs: round.bare }));
    return { main: { quantity: `milliseconds, median of ${CANCELS}`, rounds }, context: [] };
  };
}

async function measure(): Promise<Record<Side, number>[]> {
  const processes = new AsyncDisposableStack();
  try {
    const kit = processes.use(await Child.start<SignalRequests>(SIGNAL, 'server'));
    const bare = processes.use(await Child.start<PeerRequests>(BARE, 'server'));
    const client = processes.use(await Child.start<RoundTripRequests>(ROUND_TRIP, 'load'));
    const kitAddress = await kit.ask('listen', undefined);
    const operation = { name: 'operations/none', metadata: undefined, done: true, result: undefined };
    const bareAddress = await bare.ask('listen', { names: [], operation });
    const delays = async (names: readonly string[], askedAt: readonly number[]) =>
      median((await kit.ask('abortedAt', names)).map((time, index) => time - (askedAt[index] ?? Number.NaN)));
    return await takeTurns(
      {
        async bare() {
          const names = Array<string>(CANCELS).fill(operation.name);
          const trips = await client.ask('cancel', { address: bareAddress, names });
          return median(trips.map((trip) => trip.answeredAt - trip.askedAt));
        },
        async inProcess() {
          const names = await kit.ask('begin', CANCELS);
          return delays(names, await kit.ask('cancel', names));
        },
        async grpc() {
          const names = await kit.ask('begin', CANCELS);
          const trips = await client.ask('cancel', { address: kitAddress, names });
          return delays(
            names,
            trips.map(({ askedAt }) => askedAt),
          );
        },
      },
      ROUNDS,
    );
  } finally {
    await processes.disposeAsync();
  }
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
