import { Server } from '@grpc/grpc-js';
import type { Operation } from 'longrunning';
import {
  type OperationsServer,
  OperationsService,
} from 'longrunning/generated/google/longrunning/operations';
import { answerParent } from '../harness/parent-link.ts';
import { listen, type ServerRequests, serverRequests } from './serve.ts';

/** A grpc-js server that does nothing but answer: what any server on grpc-js costs at least. */
export type BareRequests = ServerRequests & {
  /** Serves handlers that answer with this very operation, or with Empty, whatever is asked; tells the address. */
  listen(operation: Operation): Promise<string>;
};

answerParent({
  ...serverRequests,
  listen(operation) {
    const handlers: Pick<OperationsServer, 'getOperation' | 'cancelOperation'> = {
      getOperation: (_call, callback) => callback(null, operation),
      cancelOperation: (_call, callback) => callback(null, {}),
    };
    const server = new Server();
    server.addService(OperationsService, handlers);
    return listen(server);
  },
} satisfies BareRequests);
