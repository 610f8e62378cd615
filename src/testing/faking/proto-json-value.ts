import {
  type DescField,
  type DescMessage,
  fromJson,
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
