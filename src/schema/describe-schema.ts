import type { DescMethod, FileRegistry } from '@bufbuild/protobuf';
import { longRunningMethods } from './long-running-methods.js';
import { httpRuleOf, type MethodOptions } from './method-options.js';
import type { Schema } from './schema.js';

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
