import type { DescMethod, Registry } from '@bufbuild/protobuf';
import type { Schema } from '../../schema/index.js';

/** What a script may speak of. */
export interface ScriptTypes {
  /** Every method that calls can be made to, by its full name. */
  readonly methodNames: readonly string[];
  /** The types that an Any may hold. */
  readonly registry: Registry;
}

const OPERATIONS = ['ListOperations', 'GetOperation', 'DeleteOperation', 'CancelOperation', 'WaitOperation'];

/** What a script for the services of a schema may speak of: they, and the five methods that every server has. */
export function scriptTypes({ services, registry }: Pick<Schema, 'services' | 'registry'>): ScriptTypes {
  const own = OPERATIONS.map((method) => `google.longrunning.Operations.${method}`);
  const faked = services.flatMap((service) => service.methods.map(fullName));
  return { methodNames: [...own, ...faked], registry };
}

/** `google.cloud.gkemulticloud.v1.AwsClusters.CreateAwsCluster`. */
export function fullName(method: DescMethod): string {
  return `${method.parent.typeName}.${method.name}`;
}
