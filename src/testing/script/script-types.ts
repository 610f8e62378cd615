import type { DescMethod, Registry } from '@bufbuild/protobuf';
import type { Schema } from '../../schema/index.js';

/** Names that a script may use. */
export interface ScriptTypes {
  /** Full names of all methods that can be called. */
  readonly methodNames: readonly string[];
  /** Types that an Any may contain. */
  readonly registry: Registry;
}

const OPERATIONS = ['ListOperations', 'GetOperation', 'DeleteOperation', 'CancelOperation', 'WaitOperation'];

/** Names for scripts of a schema: its services, and the five methods of every server. */
export function scriptTypes({ services, registry }: Pick<Schema, 'services' | 'registry'>): ScriptTypes {
  const own = OPERATIONS.map((method) => `google.longrunning.Operations.${method}`);
  const faked = services.flatMap((service) => service.methods.map(fullName));
  return { methodNames: [...own, ...faked], registry };
}

/** Full name of a method, such as `google.cloud.gkemulticloud.v1.AwsClusters.CreateAwsCluster`. */
export function fullName(method: DescMethod): string {
  return `${method.parent.typeName}.${method.name}`;
}
