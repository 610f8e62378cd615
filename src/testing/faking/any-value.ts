import { fromJson, type JsonObject, type Registry } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import type { Any } from '../../../generated/google/protobuf/any.js';
import { pack } from '../../core/any.js';
import type { DeepPartial, MessageType } from '../../core/operation-method.js';
import { Code, kitError, quoted, StatusError } from '../../core/status.js';

/** Message of generated code with its type. */
export interface TypedMessage<Message = unknown> {
  readonly type: MessageType<Message>;
  readonly message: DeepPartial<Message>;
}

/** ProtoJSON of any message, with its type: `{ '@type': 'type.googleapis.com/acme.Job', name: 'jobs/1' }`. */
export type TypedJson = JsonObject & { readonly '@type': string };

/** Forms in which metadata and responses can be given. */
export type AnyValue =
  | { readonly type: MessageType<unknown>; readonly message: DeepPartial<unknown> }
  | (JsonObject & { readonly '@type': string })
  | { readonly typeUrl: string; readonly value: Uint8Array };

/**
 * Packs a message that was given in any form.
 *
 * @param registry - types that `@type` may name.
 * @throws StatusError INVALID_ARGUMENT if the type is unknown or the JSON does not match it.
 */
export function toAny(value: AnyValue, registry: Registry): Any {
  if ('typeUrl' in value)
    return { typeUrl: String(value.typeUrl), value: Buffer.from(value.value as Uint8Array) };
  if (isTyped(value)) return pack(value.type, value.type.fromPartial(value.message));
  try {
    const any = fromJson(AnySchema, withHost(value as TypedJson), { registry });
    return { typeUrl: any.typeUrl, value: Buffer.from(any.value) };
  } catch (cause) {
    const fault = StatusError.from(cause).message;
    const message = `${quoted(JSON.stringify(value))} is not a message: ${fault}; name its type in "@type", and fake an API that declares it`;
    throw kitError(Code.INVALID_ARGUMENT, 'MALFORMED_MESSAGE', message, { cause });
  }
}

function isTyped(value: object): value is TypedMessage {
  return 'type' in value && 'message' in value && typeof value.type === 'object';
}

/** Adds the usual host to a bare type name. */
function withHost(json: TypedJson): JsonObject {
  const type = json['@type'];
  return typeof type === 'string' && !type.includes('/')
    ? { ...json, '@type': `type.googleapis.com/${type}` }
    : json;
}
