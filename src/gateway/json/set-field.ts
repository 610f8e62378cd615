import {
  clone,
  type DescField,
  type DescMessage,
  equals,
  type JsonValue,
  type Message,
  mergeFromJson,
  type Registry,
  ScalarType,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { decodeReason } from './decode-fault.js';
import type { FieldPath } from './field-path.js';

/** Outcome of setting a field: it is set, the value does not fit, or the message already has a different value. */
export type SetFieldOutcome =
  | { readonly kind: 'set' }
  | { readonly kind: 'misfit'; readonly why: string }
  | { readonly kind: 'contradiction' };

/** Sets a nested field from ProtoJSON. The message is unusable unless the outcome is `set`. */
export function setField(
  type: DescMessage,
  message: Message,
  path: FieldPath,
  value: JsonValue,
  registry: Registry,
): SetFieldOutcome {
  const [field, ...inner] = path;
  if (inner.length === 0 && isPlainText(field) && typeof value === 'string') {
    return setText(message, field, value);
  }
  const before = isTaken(reflect(type, message), path) ? clone(type, message) : undefined;
  try {
    const json = path.reduceRight<JsonValue>((inner, { jsonName }) => ({ [jsonName]: inner }), value);
    mergeFromJson(type, message, json, { registry });
  } catch (error) {
    return { kind: 'misfit', why: decodeReason(error) };
  }
  return before && !equals(type, before, message) ? { kind: 'contradiction' } : { kind: 'set' };
}

/** Text fields without presence, such as names. Paths mostly bind these, and they need no conversion through JSON. */
function isPlainText(field: DescField): boolean {
  return (
    field.fieldKind === 'scalar' &&
    field.scalar === ScalarType.STRING &&
    field.presence === FeatureSet_FieldPresence.IMPLICIT
  );
}

function setText(message: Message, { localName }: DescField, text: string): SetFieldOutcome {
  const fields = message as unknown as Record<string, string>;
  const before = fields[localName];
  fields[localName] = text;
  return before === '' || before === text ? { kind: 'set' } : { kind: 'contradiction' };
}

/** Returns true if the field has a value, or another member is set in a oneof on its path. */
function isTaken(message: ReflectMessage, [field, ...rest]: FieldPath): boolean {
  const rival = field.oneof && message.oneofCase(field.oneof);
  if (rival && rival !== field) return true;
  if (!message.isSet(field)) return false;
  const [next, ...others] = rest;
  return next === undefined || isTaken(message.get(field) as ReflectMessage, [next, ...others]);
}
