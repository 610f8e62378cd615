import { inspect } from 'node:util';
import type { JsonObject } from '@bufbuild/protobuf';
import { Operation } from '../../../generated/google/longrunning/operations.js';
import type { MethodHandler, Service, ServiceMethod } from '../../core/service.js';
import { returnsOperation } from '../../server/grpc/operation-codec.js';
import type { ImplementedMethod } from '../../server/index.js';
import type { CalledMethod } from './called-method.js';
import { plainJson } from './plain-json.js';

/**
 * Methods of the application's own services, by gRPC path. Methods whose requests are streams are omitted, because their calls
 * are not recorded.
 *
 * @throws TypeError if a value was not created by `service`.
 */
export function hostedMethods(services: readonly Service[]): ReadonlyMap<string, CalledMethod> {
  for (const each of services) assertService(each);
  const recorded = services
    .flatMap(({ methods }) => methods)
    .filter(({ definition }) => !definition.requestStream);
  return new Map(recorded.map((method) => [method.definition.path, hostedMethod(method)]));
}

function assertService(value: unknown): void {
  const { name, methods }: Partial<Service> = Object(value);
  if (typeof name === 'string' && Array.isArray(methods)) return;
  throw new TypeError(
    `services must be created by service() of longrunning/server, got ${inspect(value, { depth: 0 })}: pass service(definition, handlers)`,
  );
}

function hostedMethod({ definition, handler }: ServiceMethod): CalledMethod {
  const isOperation = returnsOperation((bytes) => definition.responseDeserialize(bytes));
  return {
    name: definition.path.slice(1).replace('/', '.'),
    // Definitions do not name their messages, and the names of other types are not needed.
    outputType: isOperation ? Operation.$type : '',
    requestJson: (request) => requestJson(handler, request),
  };
}

/** Converts a request by the codec of its method if there is one, or else by its structure. */
function requestJson(handler: MethodHandler, request: unknown): JsonObject {
  const conversions = [() => plainJson(toJson(handler, request)), () => plainJson(request)];
  for (const convert of conversions) {
    try {
      return convert();
    } catch {
      // The codec rejects some values, such as invalid times. The call itself is unaffected.
    }
  }
  return {};
}

function toJson(handler: MethodHandler, request: unknown): unknown {
  switch (handler.kind) {
    case 'handler':
      return request;
    case 'long-running':
      return (handler.implemented as ImplementedMethod).method.request.toJSON(request);
  }
}
