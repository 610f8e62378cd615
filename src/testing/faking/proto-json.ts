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
 * Reads the fields that ProtoJSON names, at any depth, under their names in messages. `RunContext.update` merges them. Null gives
 * undefined, which resets a field.
 *
 * @param json - valid ProtoJSON of the message.
 */
export function namedFields(json: JsonValue, type: DescMessage, registry: Registry): object {
  return pick(fromJson(type, json, { registry }), json, type);
}

function pick(message: Message, json: JsonValue, type: DescMessage): object {
  if (hasOwnJson(type) || !isObject(json)) return message;
  const values = message as unknown as Readonly<Record<string, unknown>>;
  const picked = Object.entries(json).flatMap(([name, value]): [string, unknown][] => {
    const field = findField(type, name);
    if (!field) return [];
    const { oneof, localName } = field;
    if (!oneof) return [[localName, pickValue(values[localName], value, field)]];
    const chosen = values[oneof.localName] as { readonly case?: string; readonly value?: unknown };
    if (chosen.case !== localName) return [[oneof.localName, chosen]];
    return [[oneof.localName, { case: localName, value: pickValue(chosen.value, value, field) }]];
  });
  return Object.fromEntries(picked);
}

function pickValue(value: unknown, json: JsonValue, field: DescField): unknown {
  if (json === null && field.message?.typeName !== VALUE) return undefined;
  const { message } = field;
  if (!message) return value;
  switch (field.fieldKind) {
    case 'message':
      return isObject(value as JsonValue) ? pick(value as Message, json, message) : value;
    case 'map': {
      const entries = value as Readonly<Record<string, Message>>;
      const picked = Object.entries(json as JsonObject).map(([key, entry]) => {
        const kept = entries[key];
        return [key, kept && pick(kept, entry, message)];
      });
      return Object.fromEntries(picked);
    }
    case 'list':
      return value;
  }
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

/** Type that may be null in ProtoJSON. */
const VALUE = 'google.protobuf.Value';

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

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
