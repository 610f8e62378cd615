import {
  type DescField,
  type DescMessage,
  isFieldSet,
  type JsonObject,
  type JsonValue,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { FeatureSet_FieldPresence, isWrapperDesc } from '@bufbuild/protobuf/wkt';
import { BackwardWriter } from './backward-writer.js';

type Fields = Readonly<Record<string, unknown>>;

/** Fields of messages, the highest number first. */
const fieldsOfTypes = new WeakMap<DescMessage, readonly DescField[]>();

/**
 * Encodes a message without unknown fields to the same bytes as `toBinary` of protobuf-es. For large messages that
 * takes several times as long, because it moves bytes as its buffer grows and once per level of nesting, and turns
 * each `google.protobuf.Struct` into messages.
 *
 * @param sizeHint - expected number of bytes.
 */
export function encodeMessage(type: DescMessage, message: Message, sizeHint: number): Buffer {
  const writer = new BackwardWriter(sizeHint);
  writeMessage(writer, type, message);
  return writer.finish();
}

function writeMessage(writer: BackwardWriter, type: DescMessage, message: Message): void {
  const fields = message as unknown as Fields;
  for (const field of fieldsOf(type)) {
    if (isFieldSet(message, field)) writeField(writer, field, localValue(field, fields));
    else if (field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED) {
      throw new Error(`cannot encode ${field} to binary: required field not set`);
    }
  }
}

function fieldsOf(type: DescMessage): readonly DescField[] {
  const known = fieldsOfTypes.get(type);
  if (known) return known;
  const fields = type.fields.toSorted((a, b) => b.number - a.number);
  fieldsOfTypes.set(type, fields);
  return fields;
}

function localValue({ oneof, localName }: DescField, fields: Fields): unknown {
  return oneof ? (fields[oneof.localName] as { readonly value: unknown }).value : fields[localName];
}

function writeField(writer: BackwardWriter, field: DescField, value: unknown): void {
  switch (field.fieldKind) {
    case 'scalar':
    case 'enum':
      writeScalar(writer, field.scalar ?? ScalarType.INT32, value);
      writer.tag(field.number, wireTypeOf(field.scalar));
      return;
    case 'message':
      writeChild(writer, field, unwrapped(field, value));
      return;
    case 'list':
      writeList(writer, field, value as readonly unknown[]);
      return;
    case 'map':
      writeMap(writer, field, value as Fields);
  }
}

type FieldOf<Kind extends DescField['fieldKind']> = Extract<DescField, { readonly fieldKind: Kind }>;

function writeList(writer: BackwardWriter, field: FieldOf<'list'>, items: readonly unknown[]): void {
  if (field.listKind === 'message') {
    for (const item of items.toReversed()) writeChild(writer, field, item);
    return;
  }
  const scalar = field.scalar ?? ScalarType.INT32;
  const end = writer.length;
  for (const item of items.toReversed()) {
    writeScalar(writer, scalar, item);
    if (!field.packed) writer.tag(field.number, wireTypeOf(scalar));
  }
  if (field.packed) writer.delimit(field.number, end);
}

function writeMap(writer: BackwardWriter, field: FieldOf<'map'>, entries: Fields): void {
  for (const key of Object.keys(entries).reverse()) {
    const end = writer.length;
    if (field.mapKind === 'message') {
      writeContent(writer, field, entries[key]);
      writer.delimit(2, end);
    } else {
      writeScalar(writer, field.scalar ?? ScalarType.INT32, entries[key]);
      writer.tag(2, wireTypeOf(field.scalar));
    }
    writeScalar(writer, field.mapKey, mapKey(field.mapKey, key));
    writer.tag(1, wireTypeOf(field.mapKey));
    writer.delimit(field.number, end);
  }
}

type MessageField = DescField & { readonly message: DescMessage };

/** Writes a message with its tag. */
function writeChild(
  writer: BackwardWriter,
  field: MessageField & { readonly delimitedEncoding: boolean },
  value: unknown,
): void {
  const end = writer.length;
  if (field.delimitedEncoding) {
    writer.tag(field.number, WireType.EndGroup);
    writeContent(writer, field, value);
    writer.tag(field.number, WireType.StartGroup);
    return;
  }
  writeContent(writer, field, value);
  writer.delimit(field.number, end);
}

function writeContent(writer: BackwardWriter, { message: type, parent }: MessageField, value: unknown): void {
  // protobuf-es keeps a Struct as JSON, unless it is inside a Value.
  if (type.typeName === 'google.protobuf.Struct' && parent.typeName !== 'google.protobuf.Value') {
    writeStruct(writer, value as JsonObject);
  } else {
    writeMessage(writer, type, value as Message);
  }
}

/** Returns the message of a field. protobuf-es keeps only the value of a wrapper such as Int32Value. */
function unwrapped({ message: type, oneof }: FieldOf<'message'>, value: unknown): unknown {
  return isWrapperDesc(type) && !oneof ? { $typeName: type.typeName, value } : value;
}

function writeStruct(writer: BackwardWriter, struct: JsonObject): void {
  for (const key of Object.keys(struct).reverse()) {
    const end = writer.length;
    writeValue(writer, struct[key] ?? null);
    writer.delimit(2, end);
    writer.string(key);
    writer.tag(1, WireType.LengthDelimited);
    writer.delimit(1, end);
  }
}

/** Writes the fields of a `google.protobuf.Value`. */
function writeValue(writer: BackwardWriter, value: JsonValue): void {
  const end = writer.length;
  switch (typeof value) {
    case 'number':
      writer.double(value);
      writer.tag(2, WireType.Bit64);
      return;
    case 'string':
      writer.string(value);
      writer.tag(3, WireType.LengthDelimited);
      return;
    case 'boolean':
      writer.varint(Number(value));
      writer.tag(4, WireType.Varint);
      return;
    case 'object':
      if (value === null) {
        writer.varint(0);
        writer.tag(1, WireType.Varint);
      } else if (Array.isArray(value)) {
        for (const item of value.toReversed()) {
          const itemEnd = writer.length;
          writeValue(writer, item);
          writer.delimit(1, itemEnd);
        }
        writer.delimit(6, end);
      } else {
        writeStruct(writer, value);
        writer.delimit(5, end);
      }
  }
}

const METHODS = {
  [ScalarType.FLOAT]: 'float',
  [ScalarType.INT64]: 'int64',
  [ScalarType.UINT64]: 'uint64',
  [ScalarType.FIXED64]: 'fixed64',
  [ScalarType.FIXED32]: 'fixed32',
  [ScalarType.SFIXED32]: 'sfixed32',
  [ScalarType.SFIXED64]: 'sfixed64',
  [ScalarType.SINT32]: 'sint32',
  [ScalarType.SINT64]: 'sint64',
} as const;

/** Writes a value without its tag. */
function writeScalar(writer: BackwardWriter, type: ScalarType, value: unknown): void {
  switch (type) {
    case ScalarType.STRING:
      writer.string(String(value));
      return;
    case ScalarType.BYTES:
      writer.bytes(value as Uint8Array);
      return;
    case ScalarType.DOUBLE:
      writer.double(Number(value));
      return;
    case ScalarType.BOOL:
      writer.varint(value ? 1 : 0);
      return;
    case ScalarType.UINT32:
      writer.varint(Number(value));
      return;
    case ScalarType.INT32:
      if (Number(value) >= 0) writer.varint(Number(value));
      else writer.scalar('int32', value);
      return;
    default:
      writer.scalar(METHODS[type], value);
  }
}

/** @param type - undefined for enums. */
function wireTypeOf(type: ScalarType | undefined): WireType {
  switch (type) {
    case ScalarType.BYTES:
    case ScalarType.STRING:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.FLOAT:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}

/** Converts a key, which protobuf-es keeps as text. Writers take 64-bit integers as text too. */
function mapKey(type: ScalarType, key: string): unknown {
  switch (type) {
    case ScalarType.BOOL:
      return key === 'true';
    case ScalarType.INT32:
    case ScalarType.UINT32:
    case ScalarType.SINT32:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return Number(key);
    default:
      return key;
  }
}
