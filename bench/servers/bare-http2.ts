import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import {
  GetOperationRequest,
  Operation,
  OperationsService,
} from 'longrunning/generated/google/longrunning/operations';
import { frame, messageIn } from '../harness/grpc-frame.ts';
import { answerParent } from '../harness/parent-link.ts';
import type { PeerRequests } from './peer.ts';
import { serverRequests } from './serve.ts';

const HEADERS = { ':status': 200, 'content-type': 'application/grpc' };
const TRAILERS = { 'grpc-status': '0' };

/** gRPC by hand on `node:http2`: reads the request, encodes the answer, and does nothing else at all. */
answerParent({
  ...serverRequests,
  async listen({ operation }) {
    const server = createServer();
    server.on('stream', (stream, headers) => {
      const cancels = headers[':path'] === OperationsService.cancelOperation.path;
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        // The requests of all methods that are measured begin with the name.
        GetOperationRequest.decode(messageIn(chunks));
        stream.respond(HEADERS, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers(TRAILERS));
        stream.end(frame(cancels ? new Uint8Array() : Operation.encode(operation).finish()));
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
} satisfies PeerRequests);
