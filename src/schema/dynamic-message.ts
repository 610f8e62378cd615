import {
  create,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  type Registry,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import type { MessageType } from '../operation-method.js';

/**
 * The codec of a message that only its descriptor is known of. Decoding is strict: bytes cut off anywhere are
 * refused. `fromJSON` is as forgiving as that of generated code: it leaves out what is unknown or does not fit;
 * use `fromJson` of `@bufbuild/protobuf` to refuse it.
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
  const options = { registry, ignoreUnknownFields: true };
  try {
    return fromJson(type, json, options);
  } catch (error) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw error;
    const fitting = Object.entries(json).filter(([field, value]) => fits(type, { [field]: value }, registry));
    return fromJson(type, Object.fromEntries(fitting), options);
  }
}

function fits(type: DescMessage, json: JsonObject, registry: Registry): boolean {
  try {
    fromJson(type, json, { registry, ignoreUnknownFields: true });
    return true;
  } catch {
    return false;
  }
}
