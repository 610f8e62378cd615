import type { BenchCase, Measurements } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import type { LoadRequests, LoadRound } from '../harness/load.ts';
import { alternate, type Round } from '../harness/rounds.ts';
import type { BareRequests } from '../servers/bare.ts';
import type { ExampleState } from '../servers/example-operations.ts';
import type { KitRequests } from '../servers/kit.ts';
import type { ServerRequests } from '../servers/serve.ts';

const LOAD = new URL('../harness/load.ts', import.meta.url);
const KIT = new URL('../servers/kit.ts', import.meta.url);
const BARE = new URL('../servers/bare.ts', import.meta.url);

const STORED = 100_000;
/** Together fewer calls than operations are stored, for cases that use each once. */
const ROUNDS = { warmUp: 6, measured: 21 };
const CALLS = 2500;
const IN_FLIGHT = 64;

const goal = { bound: 'at least', ratio: 0.85 } as const;
const theirs = 'a bare grpc-js handler that answers with a constant';

/** Calls per second on a server that keeps 100,000 operations. */
export const callCases: readonly BenchCase[] = [
  {
    name: 'get',
    ours: 'GetOperation, operations that are done',
    theirs,
    goal,
    measure: () => measure('done', { method: 'getOperation', picking: 'random' }),
  },
  {
    name: 'cancel-done',
    ours: 'CancelOperation, operations that are done',
    theirs,
    goal,
    measure: () => measure('done', { method: 'cancelOperation', picking: 'random' }),
  },
  {
    name: 'cancel-again',
    ours: 'CancelOperation, running operations that were asked to cancel before and go on',
    theirs,
    goal,
    measure: () => measure('stubborn', { method: 'cancelOperation', picking: 'random' }),
  },
  {
    name: 'cancel-running',
    ours: 'CancelOperation, running operations, each once, their work ending as cancelled included',
    theirs,
    goal,
    measure: () => measure('running', { method: 'cancelOperation', picking: 'each-once' }),
  },
];

/** One round on one server. */
interface Sample {
  readonly callsPerSecond: number;
  /** CPU time of the server for each call. */
  readonly cpuMicros: number;
}

async function measure(
  state: ExampleState,
  calls: Pick<LoadRound, 'method' | 'picking'>,
): Promise<Measurements> {
  const processes = new AsyncDisposableStack();
  try {
    const kit = processes.use(await Child.start<KitRequests>(KIT, 'server'));
    const bare = processes.use(await Child.start<BareRequests>(BARE, 'server'));
    const load = processes.use(await Child.start<LoadRequests>(LOAD, 'load'));
    const stored = await kit.ask('listen', { state, count: STORED });
    const bareAddress = await bare.ask('listen', stored.operation);
    await load.ask('use', stored.names);
    const rounds = await alternate(
      {
        ours: () => sample(kit, load, { ...calls, address: stored.address }),
        theirs: () => sample(bare, load, { ...calls, address: bareAddress }),
      },
      ROUNDS,
    );
    return {
      main: { quantity: 'calls per second', rounds: rounds.map(only('callsPerSecond')) },
      context: [{ quantity: 'CPU of the server, µs per call', rounds: rounds.map(only('cpuMicros')) }],
    };
  } finally {
    await processes.disposeAsync();
  }
}

async function sample(
  server: Child<ServerRequests>,
  load: Child<LoadRequests>,
  calls: Pick<LoadRound, 'method' | 'picking' | 'address'>,
): Promise<Sample> {
  const cpuBefore = await server.ask('cpuMicros', undefined);
  const tookMs = await load.ask('run', { ...calls, calls: CALLS, inFlight: IN_FLIGHT });
  const cpuMicros = ((await server.ask('cpuMicros', undefined)) - cpuBefore) / CALLS;
  return { callsPerSecond: (CALLS / tookMs) * 1000, cpuMicros };
}

function only(quantity: keyof Sample): (round: Round<Sample>) => Round<number> {
  return ({ ours, theirs }) => ({ ours: ours[quantity], theirs: theirs[quantity] });
}
