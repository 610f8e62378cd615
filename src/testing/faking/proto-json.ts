import {
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  type MessageShape,
  type Registry,
} from '@bufbuild/protobuf';
import { quoted } from '../../core/status.js';
import { suggestion, type WrittenValue } from '../script/written-value.js';

/** Reads a value as ProtoJSON of a message. Notes a fault at each place that does not fit, at any depth. */
export function readMessage<Type extends DescMessage>(
  value: WrittenValue,
  type: Type,
  registry: Registry,
): MessageShape<Type> | undefined {
  try {
    return fromJson(type, value.toJson() as JsonValue, { registry });
  } catch (error) {
    if (!blame(value, type, registry)) value.fault(misfit(value, type.typeName, error));
    return undefined;
  }
}

/** Validates a value as ProtoJSON of a message and returns it unchanged, or undefined if it does not fit. */
export function readJson(value: WrittenValue, type: DescMessage, registry: Registry): JsonValue | undefined {
  return readMessage(value, type, registry) && (value.toJson() as JsonValue);
}

/**
 * Picks fields of a message, by their names in messages.
 *
 * @param json - valid ProtoJSON of the message.
 * @param named - ProtoJSON that names the fields.
 */
export function pickFields(json: JsonValue, named: JsonValue, type: DescMessage, registry: Registry): object {
  const { $typeName, ...all } = fromJson(type, json, { registry }) as Message & Record<string, unknown>;
  if (hasOwnJson(type)) return all;
  const fields = Object.keys(named as object).flatMap((name) => findField(type, name) ?? []);
  return Object.fromEntries(
    fields.map((field) => {
      const key = field.oneof?.localName ?? field.localName;
      return [key, all[key]];
    }),
  );
}

/** Notes a fault at everything in a message that does not fit. Returns true if there was any. */
function blame(value: WrittenValue, type: DescMessage, registry: Registry): boolean {
  if (!value.isMap() || hasOwnJson(type)) return false;
  let blamed = false;
  for (const [name, entry] of value.entries() ?? []) {
    const field = findField(type, name);
    const error = field ? errorOf(type, { [name]: entry.toJson() as JsonValue }, registry) : undefined;
    if (field && error === undefined) continue;
    blamed = true;
    if (!field) entry.fault(unknownField(name, type));
    else if (!blameInside(entry, field, registry)) entry.fault(misfit(entry, describe(field), error));
  }
  return blamed;
}

function blameInside(entry: WrittenValue, field: DescField, registry: Registry): boolean {
  const { message } = field;
  if (!message) return false;
  switch (field.fieldKind) {
    case 'message':
      return blame(entry, message, registry);
    case 'list':
      return blameEach(entry.isList() ? entry.items() : [], message, registry);
    case 'map':
      return blameEach(entry.isMap() ? entry.entries()?.values() : [], message, registry);
  }
}

function blameEach(
  values: Iterable<WrittenValue> | undefined,
  type: DescMessage,
  registry: Registry,
): boolean {
  return Array.from(values ?? [], (value) => blame(value, type, registry)).includes(true);
}

/** Finds a field by its JSON name or proto name. */
export function findField(type: DescMessage, name: string): DescField | undefined {
  return type.fields.find((field) => field.jsonName === name || field.name === name);
}

/** Returns true for well-known types, each of which has a special JSON form. */
export function hasOwnJson({ typeName }: DescMessage): boolean {
  return typeName.startsWith('google.protobuf.');
}

function errorOf(type: DescMessage, json: JsonValue, registry: Registry): unknown {
  try {
    fromJson(type, json, { registry });
    return undefined;
  } catch (error) {
    return error;
  }
}

function unknownField(name: string, type: DescMessage): string {
  const known = type.fields.map(({ jsonName }) => jsonName);
  const advice = known.length > 0 ? suggestion(name, known) : 'the message has no fields, remove it';
  return `field ${quoted(name)} is unknown in ${type.typeName}: ${advice}`;
}

function describe(field: DescField): string {
  const names = field.enum?.values.map(({ name }) => name);
  if (names) return `${field.toString()} (one of ${names.join(', ')})`;
  return field.toString();
}

/** Removes the location from the message of protobuf-es, because the fault has a more precise one. */
function misfit(value: WrittenValue, target: string, error: unknown): string {
  const why = String(error).split(' from JSON: ').at(-1);
  return `${value} does not fit ${target}: ${why}; write it as ProtoJSON`;
}

/**
 * Merges a change into the ProtoJSON of a message: messages field by field and maps entry by entry, at any depth.
 * Lists and all other values are replaced. JSON is used because a message cannot distinguish a field with its
 * default value from an unset one.
 *
 * @param type - message type of both arguments.
 */
export function mergeJson(type: DescMessage, base: JsonValue, change: JsonValue): JsonValue {
  if (hasOwnJson(type) || !isObject(base) || !isObject(change)) return change;
  const merged = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(change)) {
    const field = findField(type, name);
    if (!field) continue;
    const before = takeOut(merged, field, type);
    merged.set(field.jsonName, before === undefined ? value : mergeField(field, before, value));
  }
  return Object.fromEntries(merged);
}

/** Removes a field in any spelling, and the other fields of its oneof. Returns the removed value. */
function takeOut(fields: Map<string, JsonValue>, field: DescField, type: DescMessage): JsonValue | undefined {
  let before: JsonValue | undefined;
  for (const [name, value] of fields) {
    const found = findField(type, name);
    if (found === field) before = value;
    if (found === field || (field.oneof && found?.oneof === field.oneof)) fields.delete(name);
  }
  return before;
}

function mergeField(field: DescField, before: JsonValue, value: JsonValue): JsonValue {
  switch (field.fieldKind) {
    case 'message':
      return mergeJson(field.message, before, value);
    case 'map':
      return isObject(before) && isObject(value) ? mergeMap(field.message, before, value) : value;
    case 'list':
    case 'enum':
    case 'scalar':
      return value;
  }
}

function mergeMap(type: DescMessage | undefined, base: JsonObject, change: JsonObject): JsonObject {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(change)) {
    const before = merged.get(key);
    merged.set(key, type && before !== undefined ? mergeJson(type, before, value) : value);
  }
  return Object.fromEntries(merged);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
