import type { Operation } from 'longrunning';
import { OperationsService } from 'longrunning/generated/google/longrunning/operations';
import { createServer, ServerError, Status } from 'nice-grpc';
import { answerParent } from '../harness/parent-link.ts';
import { operationsByName, type PeerRequests } from './peer.ts';
import { serverRequests } from './serve.ts';

/** The service as one writes it with nice-grpc, for operations that are done: found by name, or NOT_FOUND. */
answerParent({
  ...serverRequests,
  async listen(served) {
    const operations = operationsByName(served);
    const find = (name: string): Operation => {
      const operation = operations.get(name);
      if (!operation) throw new ServerError(Status.NOT_FOUND, `operation ${name} does not exist`);
      return operation;
    };
    const server = createServer();
    const { getOperation, cancelOperation, waitOperation } = OperationsService;
    server.add(
      { getOperation, cancelOperation, waitOperation },
      {
        getOperation: async ({ name }) => find(name),
        waitOperation: async ({ name }) => find(name),
        cancelOperation: async ({ name }) => {
          find(name);
          return {};
        },
      },
    );
    return `127.0.0.1:${await server.listen('127.0.0.1:0')}`;
  },
} satisfies PeerRequests);
