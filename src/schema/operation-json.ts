import { fromBinary, type JsonObject, type Registry } from '@bufbuild/protobuf';
import { Operation } from '../../generated/google/longrunning/operations.js';
import { TolerantJson } from './tolerant-json.js';

const OPTIONS = { enumAsInteger: false, unknownDetails: 'bytes' } as const;

/**
 * The ProtoJSON of an operation. Metadata, a response or a detail of an error that the registry does not know the type
 * of, or that is broken, becomes `{"@type": …, "value": "<base64>"}`.
 *
 * @param registry - that of a {@link Schema}, which has the type of operations.
 */
export function operationToJson(operation: Operation, registry: Registry): JsonObject {
  const type = registry.getMessage(Operation.$type);
  if (!type) throw new TypeError(`the registry has no ${Operation.$type}: take that of a schema`);
  const message = fromBinary(type, Operation.encode(operation).finish());
  return new TolerantJson(registry).write(type, message, OPTIONS) as JsonObject;
}
