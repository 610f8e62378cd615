import { Server } from '@grpc/grpc-js';
import {
  type OperationsServer,
  OperationsService,
} from 'longrunning/generated/google/longrunning/operations';
import { answerParent } from '../harness/parent-link.ts';
import type { PeerRequests } from './peer.ts';
import { listen, serverRequests } from './serve.ts';

/** A grpc-js server that does nothing but answer: what any server on grpc-js costs at least. */
answerParent({
  ...serverRequests,
  listen({ operation }) {
    const handlers: Pick<OperationsServer, 'getOperation' | 'cancelOperation' | 'waitOperation'> = {
      getOperation: (_call, callback) => callback(null, operation),
      cancelOperation: (_call, callback) => callback(null, {}),
      waitOperation: (_call, callback) => callback(null, operation),
    };
    const server = new Server();
    server.addService(OperationsService, handlers);
    return listen(server);
  },
} satisfies PeerRequests);
