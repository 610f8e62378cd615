import type { DescMessage, DescMethod, DescService, FileRegistry } from '@bufbuild/protobuf';
import type { PackageDefinition } from '@grpc/proto-loader';
import { operationMethod } from '../operation-method.js';
import { quoted } from '../status.js';
import { messageType } from './dynamic-message.js';
import { type MethodOptions, operationInfoOf, pathBindingsOf } from './method-options.js';
import type { LongRunningMethod } from './schema.js';
import { SchemaError } from './schema-error.js';
import { qualify } from './type-names.js';

const OPERATION = 'google.longrunning.Operation';

/** Whether a method answers with an operation, and no stream of them. */
export function isLongRunning(method: DescMethod): boolean {
  return method.methodKind === 'unary' && method.output.typeName === OPERATION;
}

/**
 * The methods of some services that return `google.longrunning.Operation`.
 *
 * @throws SchemaError when `operation_info` of one is missing, or names a type that is not known.
 */
export function longRunningMethods(
  services: readonly DescService[],
  registry: FileRegistry,
  definitions: PackageDefinition,
): LongRunningMethod[] {
  return services.flatMap((service) =>
    service.methods.filter(isLongRunning).map((method) => {
      const options = optionsOf(method, definitions);
      return longRunningMethod(method, registry, options);
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
  if (!info) {
    throw new SchemaError(
      `method ${name} returns ${OPERATION} without saying which types it holds: add option (google.longrunning.operation_info) with response_type and metadata_type`,
    );
  }
  const typeOf = (option: string, typeName: string) => {
    const type = findType(typeName, packageName, registry);
    if (!type) throw unresolved(name, option, typeName);
    return type;
  };
  const responseType = typeOf('response_type', info.responseType);
  const metadataType = typeOf('metadata_type', info.metadataType);
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
    deprecated: descriptor.deprecated || service.deprecated,
    bindings: pathBindingsOf(options, packageName),
  };
}

/** AIP-151: a message of the same package by its name, any other by its full name. */
function findType(name: string, packageName: string, registry: FileRegistry): DescMessage | undefined {
  const bare = name.replace(/^\./, '');
  return registry.getMessage(qualify(packageName, bare)) ?? registry.getMessage(bare);
}

function unresolved(method: string, option: string, typeName: string): SchemaError {
  return new SchemaError(
    `method ${method} has operation_info with ${option} ${quoted(typeName)}, which is no known message: name one of its package or a full name, and load the file that declares it`,
  );
}

function optionsOf(method: DescMethod, definitions: PackageDefinition): MethodOptions {
  const service = definitions[method.parent.typeName];
  const definition =
    service && (service as Readonly<Record<string, { options?: MethodOptions }>>)[method.name];
  return definition?.options ?? {};
}
