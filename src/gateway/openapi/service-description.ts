import type { DescMethod, FileRegistry } from '@bufbuild/protobuf';
import { registryOf } from '../../schema/descriptor-set.js';
import { type HttpRule, readHttpRules } from '../rules/http-rules.js';

/** Services that are called over HTTP. */
export interface ServiceDescription {
  /**
   * Services with their `google.api.http` rules: an encoded `google.protobuf.FileDescriptorSet` with all imports,
   * or a registry of `@bufbuild/protobuf`.
   *
   * @defaultValue only `google.longrunning.Operations`
   */
  readonly descriptors?: Uint8Array | FileRegistry | undefined;
  /** A `google.api.Service` whose HTTP rules take precedence over those of the descriptors. @defaultValue none */
  readonly serviceConfig?:
    | {
        /** Name of the file, for error messages. */
        readonly file: string;
        /** Contents of the file, in YAML or JSON. */
        readonly text: string;
      }
    | undefined;
  /**
   * Returns the `google.api.http` rule of an RPC in ProtoJSON, or undefined if it has none. Set it for
   * descriptors without options.
   *
   * @defaultValue reads the options of the descriptors
   */
  readonly annotationOf?: ((method: DescMethod) => unknown) | undefined;
}

/** Services from their descriptors, with the HTTP rules of their RPCs. */
export interface DescribedServices {
  readonly registry: FileRegistry;
  readonly rules: readonly HttpRule[];
}

/** @throws HttpRuleError if a rule is invalid; TypeError if the descriptors are invalid. */
export function readServices(description: ServiceDescription): DescribedServices {
  const { descriptors, serviceConfig, annotationOf } = description;
  const registry = registryOf(descriptors);
  const rules = readHttpRules({
    registry,
    ...(serviceConfig && { serviceConfig }),
    ...(annotationOf && { annotationOf }),
  });
  return { registry, rules };
}
