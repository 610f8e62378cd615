import type { DescMethod, FileRegistry } from '@bufbuild/protobuf';
import { readDescriptors } from '../../schema/descriptor-set.js';
import { operationsRegistry } from '../rules/descriptors.js';
import { type HttpRule, readHttpRules } from '../rules/http-rules.js';
import type { ServiceConfigFile } from '../rules/service-config.js';

/** Services that are called over HTTP. */
export interface ServiceDescription {
  /**
   * Services with their `google.api.http` rules: an encoded `google.protobuf.FileDescriptorSet` with all imports,
   * or a registry of `@bufbuild/protobuf`.
   *
   * @defaultValue only `google.longrunning.Operations`
   */
  readonly descriptors?: Uint8Array | FileRegistry;
  /** A `google.api.Service` whose HTTP rules take precedence over those of the descriptors. @defaultValue none */
  readonly serviceConfig?: ServiceConfigFile;
  /**
   * Returns the `google.api.http` rule of an RPC in ProtoJSON, or undefined if it has none. Set it for
   * descriptors without options: for the registry of a `Schema`, pass the schema's `annotationOf`.
   *
   * @defaultValue reads the options of the descriptors
   */
  readonly annotationOf?: (method: DescMethod) => unknown;
}

/** Services from their descriptors, with the HTTP rules of their RPCs. */
export interface DescribedServices {
  readonly registry: FileRegistry;
  readonly rules: readonly HttpRule[];
}

/** @throws HttpRuleError if a rule is invalid; TypeError if the descriptors are invalid. */
export function readServices(description: ServiceDescription): DescribedServices {
  const { serviceConfig, annotationOf } = description;
  const registry = registryOf(description);
  const rules = readHttpRules({
    registry,
    ...(serviceConfig && { serviceConfig }),
    ...(annotationOf && { annotationOf }),
  });
  return { registry, rules };
}

/** @throws TypeError if the descriptors are invalid. */
export function registryOf({ descriptors }: Pick<ServiceDescription, 'descriptors'>): FileRegistry {
  if (descriptors === undefined) return operationsRegistry();
  return descriptors instanceof Uint8Array ? readDescriptors(descriptors) : descriptors;
}
