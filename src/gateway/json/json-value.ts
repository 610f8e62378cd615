import { type DescField, type JsonValue, ScalarType } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';

/**
 * Converts the text of a path or query to the ProtoJSON value of a field, or of one item of a repeated field.
 * Values that ProtoJSON writes as text pass through and are validated when they are parsed.
 *
 * @returns undefined if the text is not such a value, or the field cannot be set from text.
 */
export function textToJson(field: DescField, text: string): JsonValue | undefined {
  if (field.fieldKind === 'map') return undefined;
  if (field.scalar !== undefined) return scalarToJson(field.scalar, text);
  if (field.enum) return INTEGER.test(text) ? Number(text) : text;
  return field.message && messageToJson(field.message, text);
}

const INTEGER = /^-?\d+$/;
const NUMBER = /^(?:-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|NaN|-?Infinity)$/;
const BASE64 = /^[\w+/-]*={0,2}$/;

function scalarToJson(scalar: ScalarType, text: string): JsonValue | undefined {
  switch (scalar) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BOOL:
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case ScalarType.BYTES:
      return BASE64.test(text) ? text : undefined;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return NUMBER.test(text) ? text : undefined;
    case ScalarType.INT32:
    case ScalarType.INT64:
    case ScalarType.UINT32:
    case ScalarType.UINT64:
    case ScalarType.SINT32:
    case ScalarType.SINT64:
    case ScalarType.FIXED32:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED32:
    case ScalarType.SFIXED64:
      return INTEGER.test(text) ? text : undefined;
  }
}

function messageToJson(type: NonNullable<DescField['message']>, text: string): JsonValue | undefined {
  switch (type.typeName) {
    case 'google.protobuf.Timestamp':
    case 'google.protobuf.Duration':
      return text;
    case 'google.protobuf.FieldMask':
      // ProtoJSON uses camelCase, but people often write masks with the names of the .proto file.
      return text.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  }
  return isWrapperDesc(type) ? scalarToJson(type.fields[0].scalar, text) : undefined;
}
