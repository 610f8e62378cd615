import type { DescMethod, FileRegistry } from '@bufbuild/protobuf';
import { readDescriptors } from '../../schema/read-descriptors.js';
import { operationsRegistry } from '../rules/descriptors.js';
import { type HttpRule, readHttpRules } from '../rules/http-rules.js';
import type { ServiceConfigFile } from '../rules/service-config.js';

/** What is told of services that are called by HTTP. */
export interface ServiceDescription {
  /**
   * The services, with their `google.api.http` rules: an encoded `google.protobuf.FileDescriptorSet` with all
   * imports, or a registry of `@bufbuild/protobuf`.
   *
   * @defaultValue `google.longrunning.Operations` alone
   */
  readonly descriptors?: Uint8Array | FileRegistry;
  /** A `google.api.Service` whose HTTP rules come before those of the descriptors. @defaultValue none */
  readonly serviceConfig?: ServiceConfigFile;
  /**
   * The `google.api.http` rule of an RPC in ProtoJSON, undefined when it has none: for descriptors that have lost
   * their options, as the registry of a `Schema` has, whose `annotationOf` this is to be.
   *
   * @defaultValue what the descriptors say
   */
  readonly annotationOf?: (method: DescMethod) => unknown;
}

/** Services as their descriptors have them, and the HTTP rules of their RPCs. */
export interface DescribedServices {
  readonly registry: FileRegistry;
  readonly rules: readonly HttpRule[];
}

/** @throws HttpRuleError when a rule is invalid; TypeError when the descriptors are. */
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

/** @throws TypeError when the descriptors are none. */
export function registryOf({ descriptors }: Pick<ServiceDescription, 'descriptors'>): FileRegistry {
  if (descriptors === undefined) return operationsRegistry();
  return descriptors instanceof Uint8Array ? readDescriptors(descriptors) : descriptors;
}
