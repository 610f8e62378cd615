import { setTimeout as sleep } from 'node:timers/promises';
import {
  type handleUnaryCall,
  Server,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { operationMethod } from 'longrunning';
import { Operation } from 'longrunning/generated/google/longrunning/operations';
import { Empty } from 'longrunning/generated/google/protobuf/empty';
import { createOperations, implement, OperationsService } from 'longrunning/server';
import { machineMs } from '../harness/machine-clock.ts';
import { answerParent } from '../harness/parent-link.ts';
import { listen, type ServerRequests, serverRequests } from './serve.ts';

/** A server made with the kit, of which the client of GKE Multi-Cloud can create attached clusters. */
export type GkeRequests = ServerRequests & {
  /** Tells the address. */
  listen(): Promise<string>;
  /** Says how many milliseconds each of the operations takes that are started from now on, and forgets the others. */
  plan(lengthsMs: readonly number[]): void;
  /** Tells what became of them. */
  report(): GkeReport;
};

/** What a server saw since it was given a plan. */
export interface GkeReport {
  /** When the work of each operation returned, by `machineMs`. */
  readonly endedAtMs: ReadonlyMap<string, number>;
  /** How many calls of `google.longrunning.Operations` came in. */
  readonly calls: number;
}

const PATH = '/google.cloud.gkemulticloud.v1.AttachedClusters/CreateAttachedCluster';

let lengthsMs: number[] = [];
let endedAtMs = new Map<string, number>();
let calls = 0;

/** Every empty message is written alike. */
const emptyMessage = (type: string) => ({ ...Empty, $type: `google.cloud.gkemulticloud.v1.${type}` });

const createCluster = implement(
  operationMethod({
    path: PATH,
    request: Empty,
    response: emptyMessage('AttachedCluster'),
    metadata: emptyMessage('OperationMetadata'),
  }),
  {
    async run(_request, { name, signal }) {
      const lengthMs = lengthsMs.pop();
      if (lengthMs === undefined) throw new Error('more operations were started than planned');
      await sleep(lengthMs, undefined, { signal });
      endedAtMs.set(name, machineMs());
      return {};
    },
  },
);

const service: ServiceDefinition<{ createAttachedCluster: handleUnaryCall<Empty, Operation> }> = {
  createAttachedCluster: {
    path: PATH,
    requestStream: false,
    responseStream: false,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: () => Empty.fromPartial({}),
    responseSerialize: (operation) => Buffer.from(Operation.encode(operation).finish()),
    responseDeserialize: (bytes) => Operation.decode(bytes),
  },
};

const countCalls: ServerInterceptor = ({ path }, call) => {
  if (path.startsWith('/google.longrunning.Operations/')) calls++;
  return new ServerInterceptingCall(call);
};

answerParent({
  ...serverRequests,
  async listen() {
    const operations = createOperations({ methods: [createCluster], maxRunning: Number.MAX_SAFE_INTEGER });
    const server = new Server({ interceptors: [countCalls] });
    server.addService(OperationsService, operations.handlers);
    server.addService(service, { createAttachedCluster: operations.starter(createCluster) });
    return listen(server);
  },
  plan(given) {
    lengthsMs = [...given];
    endedAtMs = new Map();
    calls = 0;
  },
  report: () => ({ endedAtMs, calls }),
} satisfies GkeRequests);
