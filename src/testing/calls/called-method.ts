import {
  clone,
  type DescField,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type JsonObject,
  type Message,
  type Registry,
} from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { OperationsService } from '../../../generated/google/longrunning/operations.js';
import { type Schema, TolerantJson } from '../../schema/index.js';
import { fullName } from '../script/script-source.js';

/** Method whose calls are recorded. */
export interface CalledMethod {
  /** Full name, with dots. */
  readonly name: string;
  /** Full name of the response message. */
  readonly outputType: string;
  /** Converts a request, as handlers receive it, to ProtoJSON. */
  requestJson(request: unknown): JsonObject;
}

const OPERATIONS = 'google.longrunning.Operations';

/** Methods of a schema and of `google.longrunning.Operations`, by gRPC path. */
export function calledMethods({ services, registry }: Schema): ReadonlyMap<string, CalledMethod> {
  const faked = services.flatMap(({ methods }) => methods.map((method) => fakedMethod(method, registry)));
  const own = registry.getService(OPERATIONS)?.methods ?? [];
  return new Map([...faked, ...own.map((method) => ownMethod(method, registry))]);
}

function fakedMethod(method: DescMethod, registry: Registry): [string, CalledMethod] {
  return calledMethod(method, registry, (request) => request as Message);
}

/** Requests to `google.longrunning.Operations` are messages of generated code. */
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
  const requestJson = (request: unknown) => writeRequest(json, method.input, toMessage(request));
  return [pathOf(method), { name: fullName(method), outputType: method.output.typeName, requestJson }];
}

/** Writes a request without the fields that ProtoJSON cannot express, such as a time after the year 9999. */
function writeRequest(json: TolerantJson, type: DescMessage, request: Message): JsonObject {
  const write = (message: Message) => json.write(type, message, { enumAsInteger: false }) as JsonObject;
  try {
    return write(request);
  } catch {
    return Object.assign({}, ...type.fields.map((field) => writeField(write, request, field)));
  }
}

function writeField(write: (message: Message) => JsonObject, request: Message, field: DescField): JsonObject {
  const alone = reflect(field.parent, clone(field.parent, request));
  for (const other of alone.fields) if (other !== field) alone.clear(other);
  try {
    return write(alone.message);
  } catch {
    return {};
  }
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}
