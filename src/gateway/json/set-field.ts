import {
  clone,
  type DescMessage,
  equals,
  type JsonValue,
  type Message,
  mergeFromJson,
  type Registry,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { decodeReason } from './decode-fault.js';
import type { FieldPath } from './field-path.js';

/** What came of setting a field: it is as wished; the value does not fit; the message says otherwise already. */
export type SetFieldOutcome =
  | { readonly kind: 'set' }
  | { readonly kind: 'misfit'; readonly why: string }
  | { readonly kind: 'contradiction' };

/** Sets a field inside of a message, from ProtoJSON. The message is broken unless the outcome is `set`. */
export function setField(
  type: DescMessage,
  message: Message,
  path: FieldPath,
  value: JsonValue,
  registry: Registry,
): SetFieldOutcome {
  const before = isTaken(reflect(type, message), path) ? clone(type, message) : undefined;
  try {
    const json = path.reduceRight<JsonValue>((inner, { jsonName }) => ({ [jsonName]: inner }), value);
    mergeFromJson(type, message, json, { registry });
  } catch (error) {
    return { kind: 'misfit', why: decodeReason(error) };
  }
  return before && !equals(type, before, message) ? { kind: 'contradiction' } : { kind: 'set' };
}

/** Whether the field has a value, or another one of a oneof that it, or what it is in, is of. */
function isTaken(message: ReflectMessage, [field, ...rest]: FieldPath): boolean {
  const rival = field.oneof && message.oneofCase(field.oneof);
  if (rival && rival !== field) return true;
  if (!message.isSet(field)) return false;
  const [next, ...others] = rest;
  return next === undefined || isTaken(message.get(field) as ReflectMessage, [next, ...others]);
}
