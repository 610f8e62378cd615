import type { JsonObject, Registry } from '@bufbuild/protobuf';
import type { Operation } from '../../generated/google/longrunning/operations.js';

/**
 * The ProtoJSON of an Operation. Never throws.
 */
export function operationToJson(_operation: Operation, _registry: Registry): JsonObject {
  throw new Error('coming');
}
