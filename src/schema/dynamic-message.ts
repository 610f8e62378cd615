import {
  create,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  type Message,
  type Registry,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import type { MessageType } from '../core/operation-method.js';

/**
 * The codec of a message that only its descriptor is known of. Decoding is strict: bytes cut off anywhere are
 * refused. `fromJSON` is as forgiving as that of generated code: it leaves out what is unknown or does not fit,
 * down to the empty message; use `fromJson` of `@bufbuild/protobuf` to refuse it.
 *
 * @param registry - the types that an Any in the message may hold.
 */
export function messageType(type: DescMessage, registry: Registry): MessageType<Message> {
  return {
    $type: type.typeName,
    encode: (message, writer = new BinaryWriter()) => writer.raw(toBinary(type, message)),
    decode(input) {
      if (input instanceof BinaryReader) throw new TypeError(`${type.typeName} is decoded from bytes only`);
      return fromBinary(type, input);
    },
    fromJSON: (json) => forgivingFromJson(type, json as JsonValue, registry),
    toJSON: (message) => toJson(type, message, { registry }),
    fromPartial: (partial) => create(type, partial as Message),
  };
}

function forgivingFromJson(type: DescMessage, json: JsonValue, registry: Registry): Message {
  const whole = readJson(type, json, registry);
  if (whole) return whole;
  const fields =
    typeof json === 'object' && json !== null && !Array.isArray(json) ? Object.entries(json) : [];
  const fitting = fields.filter(([field, value]) => readJson(type, { [field]: value }, registry));
  // Not even the empty object is a message of a type that has a JSON form of its own, such as Timestamp.
  return readJson(type, Object.fromEntries(fitting), registry) ?? create(type);
}

/** Undefined when it does not fit. */
function readJson(type: DescMessage, json: JsonValue, registry: Registry): Message | undefined {
  try {
    return fromJson(type, json, { registry, ignoreUnknownFields: true });
  } catch {
    return undefined;
  }
}
