import type { BenchCase, Measurements } from '../harness/bench-case.ts';
import { type CallSample, compareCalls, sampleCalls } from '../harness/call-sample.ts';
import { Child } from '../harness/child.ts';
import type { LoadRequests } from '../harness/load.ts';
import { once } from '../harness/once.ts';
import type { RestLoadRequests } from '../harness/rest-load.ts';
import { takeTurns } from '../harness/rounds.ts';
import type { BareHttpRequests } from '../servers/bare-http.ts';
import type { KitRequests } from '../servers/kit.ts';
import type { ServerRequests } from '../servers/serve.ts';

const GRPC_LOAD = new URL('../harness/load.ts', import.meta.url);
const REST_LOAD = new URL('../harness/rest-load.ts', import.meta.url);
const KIT = new URL('../servers/kit.ts', import.meta.url);
const BARE_HTTP = new URL('../servers/bare-http.ts', import.meta.url);
const FASTIFY = new URL('../servers/fastify.ts', import.meta.url);

const STORED = 100_000;
const ROUNDS = { warmUp: 2, measured: 7 };
const CALLS = 2500;
const IN_FLIGHT = 64;

const plainGrpc = 'GetOperation over gRPC, on a grpc-js port of the same server';
const restGet = 'GetOperation over REST, on the shared port';

type Side = 'grpc' | 'sharedGrpc' | 'rest' | 'http' | 'fastify';

const measured = once(measure);

/** What it costs to answer two protocols at one port, and what REST costs. */
export const restCases: readonly BenchCase[] = [
  {
    name: 'shared-port',
    ours: 'GetOperation over gRPC, on the shared port',
    theirs: plainGrpc,
    goal: { bound: 'at least', ratio: 0.9 },
    measure: comparing('sharedGrpc', 'grpc'),
  },
  {
    name: 'rest-get',
    ours: restGet,
    theirs: plainGrpc,
    goal: { bound: 'at least', ratio: 0.6 },
    measure: comparing('rest', 'grpc'),
  },
  {
    name: 'rest-fastify',
    ours: restGet,
    theirs: 'a fastify JSON handler with a schema that answers with a constant',
    measure: comparing('rest', 'fastify'),
  },
  {
    name: 'rest-bare',
    ours: restGet,
    theirs: 'a bare handler of `node:http` that answers with a constant',
    measure: comparing('rest', 'http'),
  },
];

function comparing(ours: Side, theirs: Side): () => Promise<Measurements> {
  return async () => compareCalls(await measured(), { ours, theirs });
}

async function measure(): Promise<Record<Side, CallSample>[]> {
  const processes = new AsyncDisposableStack();
  try {
    const kit = processes.use(await Child.start<KitRequests>(KIT, 'server'));
    const bareHttp = processes.use(await Child.start<BareHttpRequests>(BARE_HTTP, 'server'));
    const fastify = processes.use(await Child.start<BareHttpRequests>(FASTIFY, 'server'));
    const grpcLoad = processes.use(await Child.start<LoadRequests>(GRPC_LOAD, 'load'));
    const restLoad = processes.use(await Child.start<RestLoadRequests>(REST_LOAD, 'load'));
    const stored = await kit.ask('listen', { state: 'done', count: STORED });
    await grpcLoad.ask('use', stored.names);
    await restLoad.ask('use', stored.names);
    const json = JSON.parse(await restLoad.ask('get', stored.sharedAddress));
    const httpAddress = await bareHttp.ask('listen', json);
    const fastifyAddress = await fastify.ask('listen', json);
    const size = { calls: CALLS, inFlight: IN_FLIGHT };
    const grpc = (address: string) => () =>
      sampleCalls(kit, CALLS, () =>
        grpcLoad.ask('run', { ...size, address, method: 'getOperation', picking: 'random' }),
      );
    const rest = (server: Child<KitRequests> | Child<BareHttpRequests>, address: string) => () =>
      sampleCalls(server as Child<ServerRequests>, CALLS, () => restLoad.ask('run', { ...size, address }));
    return await takeTurns(
      {
        grpc: grpc(stored.address),
        sharedGrpc: grpc(stored.sharedAddress),
        rest: rest(kit, stored.sharedAddress),
        http: rest(bareHttp, httpAddress),
        fastify: rest(fastify, fastifyAddress),
      },
      ROUNDS,
    );
  } finally {
    await processes.disposeAsync();
  }
}
