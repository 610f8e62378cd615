import { type DescMethod, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { MethodDefinition, Server, UntypedHandleCall } from '@grpc/grpc-js';
import { Operation } from '../../generated/google/longrunning/operations.js';
import { isLongRunning } from './describe-schema.js';
import type { Schema } from './schema.js';

/**
 * Adds every service of a schema to a gRPC server.
 *
 * @param handle - returns the handler of a method, of the kind that matches its streams. Requests and
 * responses are messages of `@bufbuild/protobuf`, but long-running methods return our `Operation`.
 */
export function addServices(
  server: Server,
  schema: Schema,
  handle: (method: DescMethod) => UntypedHandleCall,
): void {
  for (const service of schema.services) {
    const definition: Record<string, MethodDefinition<unknown, unknown>> = {};
    const implementation: Record<string, UntypedHandleCall> = {};
    for (const method of service.methods) {
      definition[method.name] = methodDefinition(method);
      implementation[method.name] = handle(method);
    }
    server.addService(definition, implementation);
  }
}

/** Decodes strictly, unlike the definitions of proto-loader: truncated messages are rejected. */
function methodDefinition(method: DescMethod): MethodDefinition<unknown, unknown> {
  const response = isLongRunning(method) ? operationCodec : codec(method.output);
  const request = codec(method.input);
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    requestSerialize: request.serialize,
    requestDeserialize: request.deserialize,
    responseSerialize: response.serialize,
    responseDeserialize: response.deserialize,
  };
}

interface Codec {
  serialize(message: unknown): Buffer;
  deserialize(bytes: Buffer): unknown;
}

function codec(type: DescMethod['input']): Codec {
  return {
    serialize: (message) => Buffer.from(toBinary(type, message as Parameters<typeof toBinary>[1])),
    deserialize: (bytes) => fromBinary(type, bytes),
  };
}

const operationCodec: Codec = {
  serialize: (operation) => Buffer.from(Operation.encode(operation as Operation).finish()),
  deserialize: (bytes) => Operation.decode(bytes),
};
