import { fromBinary, type JsonObject, type Registry } from '@bufbuild/protobuf';
import { Operation } from '../../generated/google/longrunning/operations.js';
import { TolerantJson } from './tolerant-json.js';

const OPTIONS = { enumAsInteger: false, unknownDetails: 'bytes' } as const;

/**
 * Converts an operation to ProtoJSON. An Any of unknown type or with malformed bytes becomes `{"@type": …,
 * "value": "<base64>"}`, in metadata, response and error details.
 *
 * @param registry - registry of a {@link Schema}, which includes the type of operations.
 */
export function operationToJson(operation: Operation, registry: Registry): JsonObject {
  const type = registry.getMessage(Operation.$type);
  if (!type) throw new TypeError(`the registry has no ${Operation.$type}: take that of a schema`);
  const message = fromBinary(type, Operation.encode(operation).finish());
  return new TolerantJson(registry).write(type, message, OPTIONS) as JsonObject;
}
