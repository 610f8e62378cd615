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

/**
 * Reads a value as ProtoJSON of a message. What does not fit is noted where it stands, however deep.
 */
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

/** Reads a value as ProtoJSON of a message, and leaves it as that; undefined when it does not fit. */
export function readJson(value: WrittenValue, type: DescMessage, registry: Registry): JsonValue | undefined {
  return readMessage(value, type, registry) && (value.toJson() as JsonValue);
}

/**
 * Some fields of a message, by their names in messages.
 *
 * @param json - ProtoJSON of the message, which fits.
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

/** Notes a fault at everything inside of a message that does not fit; tells whether there was any. */
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

/** The field of that name, as JSON or as the proto spells it. */
export function findField(type: DescMessage, name: string): DescField | undefined {
  return type.fields.find((field) => field.jsonName === name || field.name === name);
}

/** The well-known types each have a JSON form of their own. */
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
  const advice = known.length > 0 ? suggestion(name, known) : 'the message has no fields, leave it out';
  return `field ${quoted(name)} is unknown in ${type.typeName}: ${advice}`;
}

function describe(field: DescField): string {
  const names = field.enum?.values.map(({ name }) => name);
  if (names) return `${field.toString()} (one of ${names.join(', ')})`;
  return field.toString();
}

/** protobuf-es says where it was before it says what is wrong; where is known better here. */
function misfit(value: WrittenValue, target: string, error: unknown): string {
  const why = String(error).split(' from JSON: ').at(-1);
  return `${value} does not fit ${target}: ${why}; write it as ProtoJSON has it`;
}
