import type { BenchCase, Goal } from '../harness/bench-case.ts';
import { type CallSample, compareCalls, sampleCalls } from '../harness/call-sample.ts';
import { Child } from '../harness/child.ts';
import type { LoadRequests, LoadRound } from '../harness/load.ts';
import { once } from '../harness/once.ts';
import { takeTurns } from '../harness/rounds.ts';
import type { ExampleState } from '../servers/example-operations.ts';
import type { KitRequests } from '../servers/kit.ts';
import type { PeerRequests } from '../servers/peer.ts';

const LOAD = new URL('../harness/load.ts', import.meta.url);
const KIT = new URL('../servers/kit.ts', import.meta.url);

const STORED = 100_000;
/** Together fewer calls than operations are stored, for the case that uses each once. */
const ROUNDS = { warmUp: 2, measured: 15 };
const CALLS = 2500;
const IN_FLIGHT = 64;

interface Peer {
  readonly module: URL;
  readonly theirs: string;
  readonly goal?: Goal;
}

/** What a user might serve the same calls with, by the suffix of the name of its case. */
const PEERS = {
  bare: {
    module: new URL('../servers/bare.ts', import.meta.url),
    theirs: 'a bare grpc-js handler that answers with a constant',
    goal: { bound: 'at least', ratio: 0.95 },
  },
  nice: {
    module: new URL('../servers/nice.ts', import.meta.url),
    theirs: 'the same service on nice-grpc, its operations in a Map',
    goal: { bound: 'at least', ratio: 1.1 },
  },
  connect: {
    module: new URL('../servers/connect.ts', import.meta.url),
    theirs: 'the same service on @connectrpc/connect-node, its operations in a Map',
    goal: { bound: 'at least', ratio: 3 },
  },
  http2: {
    module: new URL('../servers/bare-http2.ts', import.meta.url),
    theirs: 'a bare handler of `node:http2` that answers with a constant: the limit in Node',
  },
} satisfies Record<string, Peer>;

type PeerName = keyof typeof PEERS;
type Calls = Pick<LoadRound, 'method' | 'picking'> & { readonly state: ExampleState };

const ALL_PEERS = Object.keys(PEERS) as PeerName[];
const cancellation = { method: 'cancelOperation', picking: 'random' } as const;

/** Calls per second on a server that keeps 100,000 operations. */
export const callCases: readonly BenchCase[] = [
  ...casesOf('get', 'GetOperation of ended operations', ALL_PEERS, {
    state: 'done',
    method: 'getOperation',
    picking: 'random',
  }),
  ...casesOf('cancel-done', 'CancelOperation of ended operations', ALL_PEERS, {
    state: 'done',
    ...cancellation,
  }),
  ...casesOf('wait-done', 'WaitOperation of ended operations', ALL_PEERS, {
    state: 'done',
    method: 'waitOperation',
    picking: 'random',
  }),
  ...casesOf('cancel-again', 'CancelOperation, repeated for running operations that ignore it', ['bare'], {
    state: 'stubborn',
    ...cancellation,
  }),
  ...casesOf(
    'cancel-running',
    'CancelOperation of running operations, once each, including the end of their work',
    ['bare'],
    { state: 'running', ...cancellation, picking: 'each-once' },
  ),
];

/** A case for each peer; they share their rounds. */
function casesOf(name: string, ours: string, peers: readonly PeerName[], calls: Calls): BenchCase[] {
  const measured = once(() => measure(peers, calls));
  return peers.map((peer) => {
    const { theirs, goal }: Peer = PEERS[peer];
    return {
      name: peer === 'bare' ? name : `${name}-${peer}`,
      ours,
      theirs,
      ...(goal && { goal }),
      measure: async () => compareCalls(await measured(), { ours: 'kit', theirs: peer }),
    };
  });
}

async function measure(
  peers: readonly PeerName[],
  { state, ...calls }: Calls,
): Promise<Record<PeerName | 'kit', CallSample>[]> {
  const processes = new AsyncDisposableStack();
  try {
    const kit = processes.use(await Child.start<KitRequests>(KIT, 'server'));
    const load = processes.use(await Child.start<LoadRequests>(LOAD, 'load'));
    const stored = await kit.ask('listen', { state, count: STORED });
    await load.ask('use', stored.names);
    const side = (server: Child<KitRequests> | Child<PeerRequests>, address: string) => () =>
      sampleCalls(server, CALLS, () =>
        load.ask('run', { ...calls, address, calls: CALLS, inFlight: IN_FLIGHT }),
      );
    const sides: Record<string, () => Promise<CallSample>> = {};
    for (const peer of peers) {
      const server = processes.use(await Child.start<PeerRequests>(PEERS[peer].module, 'server'));
      sides[peer] = side(server, await server.ask('listen', stored));
    }
    sides.kit = side(kit, stored.address);
    return await takeTurns(sides, ROUNDS);
  } finally {
    await processes.disposeAsync();
  }
}
