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
 * Creates the codec of a message from its descriptor.
 *
 * Decoding is strict: truncated bytes are rejected. `fromJSON` is as lenient as that of generated code: it
 * drops what is unknown or does not fit, down to the empty message. Use `fromJson` of `@bufbuild/protobuf` to
 * reject it.
 *
 * @param registry - types that an Any in the message may contain.
 */
export function messageType(type: DescMessage, registry: Registry): MessageType<Message> {
  return {
    $type: type.typeName,
    encode: (message, writer = new BinaryWriter()) => (writer as BinaryWriter).raw(toBinary(type, message)),
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
  // Types with a special JSON form, such as Timestamp, do not accept even the empty object.
  return readJson(type, Object.fromEntries(fitting), registry) ?? create(type);
}

/** Parses ProtoJSON. Returns undefined if it does not fit. */
function readJson(type: DescMessage, json: JsonValue, registry: Registry): Message | undefined {
  try {
    return fromJson(type, json, { registry, ignoreUnknownFields: true });
  } catch {
    return undefined;
  }
}
