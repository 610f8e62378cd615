import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from '@bufbuild/protobuf';
import { stringify } from 'yaml';
import { hasOwnJson } from './proto-json.js';

/** Upper bound on fields of a sample: enough to show the format. */
const MOST_FIELDS = 3;

/** Metadata fields that the server sets. */
const FILLED_IN = new Set(['verb', 'target', 'requestedCancellation', 'cancelRequested', 'apiVersion']);

/** Sample message in ProtoJSON: a few fields, either scalars or lists of messages with scalars. */
export function sampleMessage(type: DescMessage): JsonObject {
  const listed = (field: DescField): [string, JsonValue][] =>
    field.fieldKind === 'list' && field.message
      ? [[field.jsonName, [Object.fromEntries(plainFields(field.message))]]]
      : [];
  return Object.fromEntries(plainFields(type, listed));
}

function plainFields(
  type: DescMessage,
  otherwise: (field: DescField) => [string, JsonValue][] = () => [],
): [string, JsonValue][] {
  if (hasOwnJson(type)) return [];
  const fields = type.fields.filter(({ jsonName }) => !FILLED_IN.has(jsonName));
  const sampled = fields.flatMap((field): [string, JsonValue][] =>
    isPlain(field) ? [[field.jsonName, sampleOf(field)]] : otherwise(field),
  );
  return sampled.slice(0, MOST_FIELDS);
}

/** Sample message that shows progress, if the type has a field for a percentage. */
export function sampleProgress(type: DescMessage): JsonObject {
  const field = type.fields.filter(isPlain).find(({ jsonName }) => /percent/i.test(jsonName));
  return field ? { [field.jsonName]: sampleOf(field, 50) } : sampleMessage(type);
}

/** Formats a value on one line of YAML. */
export function inFlow(value: JsonValue): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
}

type PlainField = Extract<DescField, { fieldKind: 'scalar' | 'enum' }>;

/** Returns true for a single value outside of any oneof. */
function isPlain(field: DescField): field is PlainField {
  return (field.fieldKind === 'scalar' || field.fieldKind === 'enum') && field.oneof === undefined;
}

function sampleOf(field: PlainField, number = 1): JsonValue {
  if (field.fieldKind === 'enum') return (field.enum.values[1] ?? field.enum.values[0])?.name ?? 0;
  switch (field.scalar) {
    case ScalarType.STRING:
      return 'text';
    case ScalarType.BYTES:
      return Buffer.from('bytes').toString('base64');
    case ScalarType.BOOL:
      return true;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return String(number);
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
    case ScalarType.INT32:
    case ScalarType.UINT32:
    case ScalarType.SINT32:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return number;
  }
}
