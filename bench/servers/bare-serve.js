import { Server, ServerCredentials } from '@grpc/grpc-js';
import { OperationsService } from 'longrunning/generated/google/longrunning/operations';

// A server of grpc-js with the generated stubs, to hold `longrunning serve` against.
const server = new Server();
server.addService(OperationsService, { getOperation: (_call, callback) => callback(null, { name: '' }) });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, port) =>
  console.log(`listening on 127.0.0.1:${port}`),
);
