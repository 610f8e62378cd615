import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  create,
  createFileRegistry,
  type DescMethodUnary,
  fromBinary,
  type Message,
} from '@bufbuild/protobuf';
import { EmptySchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { Operation } from 'longrunning/generated/google/longrunning/operations';
import { answerParent } from '../harness/parent-link.ts';
import { operationsByName, type PeerRequests } from './peer.ts';
import { serverRequests } from './serve.ts';

const descriptors = readFileSync(fileURLToPath(import.meta.resolve('longrunning/descriptors')));
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));

/** The service as one writes it with connect-node, for operations that are done: found by name, or NOT_FOUND. */
answerParent({
  ...serverRequests,
  async listen(served) {
    const service = registry.getService('google.longrunning.Operations');
    const schema = registry.getMessage('google.longrunning.Operation');
    if (!service || !schema) throw new Error('google.longrunning.Operations is not in the descriptors');
    const messages = new Map(
      Array.from(operationsByName(served), ([name, operation]) => [
        name,
        fromBinary(schema, Operation.encode(operation).finish()),
      ]),
    );
    const find = (request: Message): Message => {
      const { name } = request as Message & { readonly name: string };
      const message = messages.get(name);
      if (!message) throw new ConnectError(`operation ${name} does not exist`, Code.NotFound);
      return message;
    };
    const adapter = connectNodeAdapter({
      routes: (router) => {
        const { getOperation, waitOperation, cancelOperation } = service.method as Record<
          string,
          DescMethodUnary
        >;
        if (!getOperation || !waitOperation || !cancelOperation)
          throw new Error('a method is not in the descriptors');
        router.rpc(getOperation, find);
        router.rpc(waitOperation, find);
        router.rpc(cancelOperation, (request) => {
          find(request);
          return create(EmptySchema);
        });
      },
    });
    const server = createServer({}, adapter);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
} satisfies PeerRequests);
