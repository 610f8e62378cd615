import { type DescMethod, type DescService, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { MethodDefinition } from '@grpc/grpc-js';
import { Operation } from '../../generated/google/longrunning/operations.js';
import { isLongRunning } from './describe-schema.js';

/**
 * Returns the definition of a service for grpc-js, by method name. Requests and responses are messages of
 * `@bufbuild/protobuf`, but long-running methods return our `Operation`.
 */
export function serviceDefinition({
  methods,
}: DescService): Readonly<Record<string, MethodDefinition<unknown, unknown>>> {
  return Object.fromEntries(methods.map((method) => [method.name, methodDefinition(method)]));
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
