import { create, type JsonObject, type JsonValue, type Registry, toJson } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import type { Any } from '../../generated/google/protobuf/any.js';
import type { Status } from '../../generated/google/rpc/status.js';

/**
 * The ProtoJSON of an operation. Metadata or a response that the registry does not know the type of, or that is
 * broken, becomes `{"@type": …, "value": "<base64>"}`; such a detail of an error is left out. Never throws.
 */
export function operationToJson(operation: Operation, registry: Registry): JsonObject {
  const { name, metadata, done, result } = operation;
  return {
    ...(name && { name }),
    ...(metadata && { metadata: anyToJson(metadata, registry) }),
    ...(done && { done }),
    ...(result?.$case === 'error' && { error: statusToJson(result.value, registry) }),
    ...(result?.$case === 'response' && { response: anyToJson(result.value, registry) }),
  };
}

function statusToJson({ code, message, details }: Status, registry: Registry): JsonObject {
  const known = details.flatMap((detail) => knownAnyToJson(detail, registry) ?? []);
  return {
    ...(code !== 0 && { code }),
    ...(message && { message }),
    ...(known.length > 0 && { details: known }),
  };
}

function anyToJson(any: Any, registry: Registry): JsonValue {
  return (
    knownAnyToJson(any, registry) ?? {
      '@type': any.typeUrl,
      value: Buffer.from(any.value).toString('base64'),
    }
  );
}

function knownAnyToJson({ typeUrl, value }: Any, registry: Registry): JsonValue | undefined {
  try {
    return toJson(AnySchema, create(AnySchema, { typeUrl, value }), { registry });
  } catch {
    return undefined;
  }
}
