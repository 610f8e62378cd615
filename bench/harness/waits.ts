import { AttachedClustersClient } from '@google-cloud/gkemulticloud';
import { credentials } from '@grpc/grpc-js';
import { OperationsClient } from 'longrunning';
import { machineMs } from './machine-clock.ts';
import { answerParent } from './parent-link.ts';

/** Operations to start at once, and to wait for. */
export interface WaitsRound {
  readonly address: string;
  readonly count: number;
}

/** When the wait for each operation returned, by `machineMs`. */
export type ReturnedAtMs = ReadonlyMap<string, number>;

/** A process that starts operations with the client that Google generates, and waits for them in one way or the other. */
export type WaitsRequests = {
  /** By `operation.wait()` of an OperationsClient. */
  ours(round: WaitsRound): Promise<ReturnedAtMs>;
  /** By `operation.promise()` of google-gax, with the delays that the generated client has. */
  theirs(round: WaitsRound): Promise<ReturnedAtMs>;
};

interface Clients {
  readonly gke: AttachedClustersClient;
  readonly operations: OperationsClient;
}

/** What the generated client resolves to. */
interface Started {
  readonly name?: string;
  promise(): Promise<unknown>;
}

const REQUEST = { parent: 'projects/example/locations/europe-west3', attachedClusterId: 'example' };

// The client wants no credentials for a plaintext connection, and yet looks for those of a Google machine.
process.env.METADATA_SERVER_DETECTION = 'none';

const opened = new Map<string, Clients>();

answerParent({
  ours: (round) => returnTimes(round, ({ operations }, { name }) => operations.operation(name ?? '').wait()),
  theirs: (round) => returnTimes(round, (_clients, started) => started.promise()),
} satisfies WaitsRequests);

async function returnTimes(
  { address, count }: WaitsRound,
  wait: (clients: Clients, started: Started) => Promise<unknown>,
): Promise<ReturnedAtMs> {
  const clients = clientsOf(address);
  const startAndWait = async () => {
    const [started] = await clients.gke.createAttachedCluster(REQUEST);
    await wait(clients, started);
    return [started.name ?? '', machineMs()] as const;
  };
  return new Map(await Promise.all(Array.from({ length: count }, startAndWait)));
}

function clientsOf(address: string): Clients {
  const known = opened.get(address);
  if (known) return known;
  const [apiEndpoint, port] = address.split(':');
  const sslCreds = credentials.createInsecure();
  const gke = new AttachedClustersClient({ apiEndpoint, port: Number(port), sslCreds });
  const clients = { gke, operations: new OperationsClient({ address }) };
  opened.set(address, clients);
  return clients;
}
