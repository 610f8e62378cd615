import {
  type DescMethod,
  fromBinary,
  type JsonObject,
  type Message,
  type Registry,
} from '@bufbuild/protobuf';
import { OperationsService } from '../../../generated/google/longrunning/operations.js';
import { type Schema, TolerantJson } from '../../schema/index.js';
import { fullName } from '../script-types.js';

/** A method that calls are recorded of. */
export interface CalledMethod {
  /** With dots. */
  readonly name: string;
  /** The full name of the message that it answers with. */
  readonly outputType: string;
  /** The ProtoJSON of a request, as handlers are given it. */
  requestJson(request: unknown): JsonObject;
}

const OPERATIONS = 'google.longrunning.Operations';

/** The methods of a schema, and those of `google.longrunning.Operations`, by the paths of their gRPC methods. */
export function calledMethods({ services, registry }: Schema): ReadonlyMap<string, CalledMethod> {
  const faked = services.flatMap(({ methods }) => methods.map((method) => fakedMethod(method, registry)));
  const own = registry.getService(OPERATIONS)?.methods ?? [];
  return new Map([...faked, ...own.map((method) => ownMethod(method, registry))]);
}

function fakedMethod(method: DescMethod, registry: Registry): [string, CalledMethod] {
  return calledMethod(method, registry, (request) => request as Message);
}

/** Requests of ours are messages of generated code. */
function ownMethod(method: DescMethod, registry: Registry): [string, CalledMethod] {
  const definition = Object.values(OperationsService).find(({ path }) => path === pathOf(method));
  const serialize = definition?.requestSerialize as ((request: unknown) => Buffer) | undefined;
  return calledMethod(method, registry, (request) =>
    fromBinary(method.input, serialize?.(request) ?? new Uint8Array()),
  );
}

function calledMethod(
  method: DescMethod,
  registry: Registry,
  toMessage: (request: unknown) => Message,
): [string, CalledMethod] {
  const json = new TolerantJson(registry);
  const requestJson = (request: unknown) =>
    json.write(method.input, toMessage(request), { enumAsInteger: false }) as JsonObject;
  return [pathOf(method), { name: fullName(method), outputType: method.output.typeName, requestJson }];
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}
