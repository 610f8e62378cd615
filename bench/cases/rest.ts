import type { BenchCase, Measurements } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import type { LoadRequests } from '../harness/load.ts';
import type { RestLoadRequests } from '../harness/rest-load.ts';
import { alternate, type Round } from '../harness/rounds.ts';
import type { BareHttpRequests } from '../servers/bare-http.ts';
import type { KitRequests, Stored } from '../servers/kit.ts';
import type { ServerRequests } from '../servers/serve.ts';

const GRPC_LOAD = new URL('../harness/load.ts', import.meta.url);
const REST_LOAD = new URL('../harness/rest-load.ts', import.meta.url);
const KIT = new URL('../servers/kit.ts', import.meta.url);
const BARE_HTTP = new URL('../servers/bare-http.ts', import.meta.url);

const STORED = 100_000;
const ROUNDS = { warmUp: 6, measured: 21 };
const CALLS = 2500;
const IN_FLIGHT = 64;

const plainGrpc = 'GetOperation over gRPC, at a port of grpc-js of the same server';
const restGet = 'GetOperation over REST, at the port that gRPC and REST share';

/** What it costs to answer two protocols at one port, and what REST costs. */
export const restCases: readonly BenchCase[] = [
  {
    name: 'shared-port',
    ours: 'GetOperation over gRPC, at the port that gRPC and REST share',
    theirs: plainGrpc,
    goal: { bound: 'at least', ratio: 0.9 },
    measure: () =>
      measure(({ kit, grpc, stored }) => ({
        ours: () => grpc(kit, stored.sharedAddress),
        theirs: () => grpc(kit, stored.address),
      })),
  },
  {
    name: 'rest-get',
    ours: restGet,
    theirs: plainGrpc,
    goal: { bound: 'at least', ratio: 0.45 },
    measure: () =>
      measure(({ kit, grpc, rest, stored }) => ({
        ours: () => rest(kit, stored.sharedAddress),
        theirs: () => grpc(kit, stored.address),
      })),
  },
  {
    name: 'rest-bare',
    ours: restGet,
    theirs: 'a bare handler of `node:http` that answers with a constant',
    measure: () =>
      measure(({ kit, bareHttp, bareAddress, rest, stored }) => ({
        ours: () => rest(kit, stored.sharedAddress),
        theirs: () => rest(bareHttp, bareAddress),
      })),
  },
];

/** One round on one server. */
interface Sample {
  readonly callsPerSecond: number;
  /** CPU time of the server for each call. */
  readonly cpuMicros: number;
}

type Measure = (server: Child<ServerRequests>, address: string) => Promise<Sample>;

/** What there is to be measured, and what to measure it by. */
interface Bench {
  readonly kit: Child<KitRequests>;
  readonly stored: Stored;
  readonly bareHttp: Child<BareHttpRequests>;
  readonly bareAddress: string;
  readonly grpc: Measure;
  readonly rest: Measure;
}

interface Compared {
  readonly ours: () => Promise<Sample>;
  readonly theirs: () => Promise<Sample>;
}

async function measure(compare: (bench: Bench) => Compared): Promise<Measurements> {
  const processes = new AsyncDisposableStack();
  try {
    const kit = processes.use(await Child.start<KitRequests>(KIT, 'server'));
    const bareHttp = processes.use(await Child.start<BareHttpRequests>(BARE_HTTP, 'server'));
    const grpcLoad = processes.use(await Child.start<LoadRequests>(GRPC_LOAD, 'load'));
    const restLoad = processes.use(await Child.start<RestLoadRequests>(REST_LOAD, 'load'));
    const stored = await kit.ask('listen', { state: 'done', count: STORED });
    await grpcLoad.ask('use', stored.names);
    await restLoad.ask('use', stored.names);
    const bareAddress = await bareHttp.ask(
      'listen',
      JSON.parse(await restLoad.ask('get', stored.sharedAddress)),
    );
    const size = { calls: CALLS, inFlight: IN_FLIGHT };
    const sides = compare({
      kit,
      stored,
      bareHttp,
      bareAddress,
      grpc: (server, address) =>
        sample(server, () =>
          grpcLoad.ask('run', { ...size, address, method: 'getOperation', picking: 'random' }),
        ),
      rest: (server, address) => sample(server, () => restLoad.ask('run', { ...size, address })),
    });
    const rounds = await alternate(sides, ROUNDS);
    return {
      main: { quantity: 'calls per second', rounds: rounds.map(only('callsPerSecond')) },
      context: [{ quantity: 'CPU of the server, µs per call', rounds: rounds.map(only('cpuMicros')) }],
    };
  } finally {
    await processes.disposeAsync();
  }
}

async function sample(server: Child<ServerRequests>, run: () => Promise<number>): Promise<Sample> {
  const cpuBefore = await server.ask('cpuMicros', undefined);
  const tookMs = await run();
  const cpuMicros = ((await server.ask('cpuMicros', undefined)) - cpuBefore) / CALLS;
  return { callsPerSecond: (CALLS / tookMs) * 1000, cpuMicros };
}

function only(quantity: keyof Sample): (round: Round<Sample>) => Round<number> {
  return ({ ours, theirs }) => ({ ours: ours[quantity], theirs: theirs[quantity] });
}
