import type { DescMethod, FileRegistry } from '@bufbuild/protobuf';
import { longRunningMethods } from './long-running-methods.js';
import { httpRuleOf, type MethodOptions } from './method-options.js';
import type { Schema } from './schema.js';

const OPERATIONS_SERVICE = 'google.longrunning.Operations';

/** The schema of what a registry holds, whose descriptors may have lost the options of methods. */
export function describeSchema(
  files: readonly string[],
  registry: FileRegistry,
  optionsOf: (method: DescMethod) => MethodOptions,
): Schema {
  const services = Array.from(registry)
    .filter((type) => type.kind === 'service')
    .filter(({ typeName }) => typeName !== OPERATIONS_SERVICE);
  return {
    files,
    registry,
    services,
    methods: longRunningMethods(services, registry, optionsOf),
    annotationOf: (method) => httpRuleOf(optionsOf(method), method.parent.file.proto.package),
  };
}
