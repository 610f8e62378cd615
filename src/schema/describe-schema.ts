import type { DescMessage, DescMethod, DescService, FileRegistry } from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import { operationMethod } from '../core/operation-method.js';
import { quoted } from '../core/status.js';
import { messageType } from './dynamic-message.js';
import { httpRuleOf, type MethodOptions, operationInfoOf, pathBindingsOf } from './method-options.js';
import type { LongRunningMethod, Schema } from './schema.js';
import { qualify } from './type-names.js';

const OPERATION = 'google.longrunning.Operation';

/** Services that every server provides, independent of its API. */
const OWN_SERVICES = new Set([
  'google.longrunning.Operations',
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
]);

/** Builds the schema of a registry whose descriptors may have lost the options of methods. */
export function describeSchema(
  files: readonly string[],
  registry: FileRegistry,
  optionsOf: (method: DescMethod) => MethodOptions,
): Schema {
  const services = Array.from(registry)
    .filter((type) => type.kind === 'service')
    .filter(({ typeName }) => !OWN_SERVICES.has(typeName));
  return {
    files,
    registry,
    services,
    methods: longRunningMethods(services, registry, optionsOf),
    annotationOf: (method) => httpRuleOf(optionsOf(method), method.parent.file.proto.package),
  };
}

/** Returns true if a method returns a single operation, not a stream. */
export function isLongRunning(method: DescMethod): boolean {
  return method.methodKind === 'unary' && method.output.typeName === OPERATION;
}

/** Returns the methods of some services that return `google.longrunning.Operation`. */
function longRunningMethods(
  services: readonly DescService[],
  registry: FileRegistry,
  optionsOf: (method: DescMethod) => MethodOptions,
): LongRunningMethod[] {
  return services.flatMap((service) =>
    service.methods.filter(isLongRunning).map((method) => {
      return longRunningMethod(method, registry, optionsOf(method));
    }),
  );
}

function longRunningMethod(
  descriptor: DescMethod,
  registry: FileRegistry,
  options: MethodOptions,
): LongRunningMethod {
  const service = descriptor.parent;
  const packageName = service.file.proto.package;
  const name = `${service.typeName}.${descriptor.name}`;
  const info = operationInfoOf(options, packageName);
  const faults = info ? [] : [missingInfo(name)];
  const typeOf = (option: string, typeName: string | undefined) => {
    const type = typeName === undefined ? undefined : findType(typeName, packageName, registry);
    if (!type && typeName !== undefined) faults.push(unresolved(name, option, typeName));
    return type ?? EmptySchema;
  };
  const responseType = typeOf('response_type', info?.responseType);
  const metadataType = typeOf('metadata_type', info?.metadataType);
  return {
    ...operationMethod({
      path: `/${service.typeName}/${descriptor.name}`,
      request: messageType(descriptor.input, registry),
      response: messageType(responseType, registry),
      metadata: messageType(metadataType, registry),
    }),
    name,
    descriptor,
    responseType,
    metadataType,
    faults,
    deprecated: descriptor.deprecated || service.deprecated,
    bindings: pathBindingsOf(options, packageName),
  };
}

/** Resolves a type by AIP-151: a message of the same package by its name, any other by its full name. */
function findType(name: string, packageName: string, registry: FileRegistry): DescMessage | undefined {
  const bare = name.replace(/^\./, '');
  return registry.getMessage(qualify(packageName, bare)) ?? registry.getMessage(bare);
}

function missingInfo(method: string): string {
  const advice =
    'add option (google.longrunning.operation_info) with response_type and metadata_type to its proto';
  return `method ${method} returns ${OPERATION} without saying which types it holds: ${advice}`;
}

function unresolved(method: string, option: string, typeName: string): string {
  const advice = 'name one of its package or a full name, and load the file that declares it';
  return `method ${method} has operation_info with ${option} ${quoted(typeName)}, no known message: ${advice}`;
}
