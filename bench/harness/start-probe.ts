import { Server, ServerCredentials } from '@grpc/grpc-js';
import { OperationsService } from 'longrunning/generated/google/longrunning/operations';
import { startTestServer } from 'longrunning/testing';
import { answerParent } from './parent-link.ts';

/** A fresh process in which all is imported that servers are made of. */
export type StartRequests = {
  /** Milliseconds until a test server is up at the address. */
  startTestServer(address: string): Promise<number>;
  /** Milliseconds until a server of grpc-js with the generated stubs is. */
  startBareServer(address: string): Promise<number>;
};

answerParent({
  async startTestServer(address) {
    const began = performance.now();
    await startTestServer({ address });
    return performance.now() - began;
  },
  async startBareServer(address) {
    const began = performance.now();
    const server = new Server();
    server.addService(OperationsService, {});
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.bindAsync(address, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
    await promise;
    return performance.now() - began;
  },
} satisfies StartRequests);
