import type { Any } from '../../generated/google/protobuf/any.js';
import { encodeMessage, type TypeRegistry, typeName } from './any.js';
import type { MessageType } from './operation-method.js';

type Fields = Readonly<Record<string, unknown>>;

const CHECK = 'check it, or pass only the name of the operation';
const DURATION = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;

/**
 * Packs the ProtoJSON form of an Any: `{"@type": "type.googleapis.com/acme.v1.Job", "title": "a"}`.
 *
 * Codecs of ts-proto ignore values that they cannot read. The message is therefore rendered again and
 * compared with the input.
 *
 * @param types - types that `@type` may name.
 * @throws TypeError if the type is unknown or its codec drops a field.
 */
export function packJson(json: Fields, types: Pick<TypeRegistry, 'get'>): Any {
  const { '@type': typeUrl, ...fields } = json;
  if (typeof typeUrl !== 'string') throw new TypeError('"@type" is not a string: give the type URL');
  const name = typeName({ typeUrl });
  const type = types.get(name);
  if (!type) {
    throw new TypeError(
      `JSON of ${name || 'no type'} cannot be encoded without its codec: pass the method that started the operation, or only the name of the operation`,
    );
  }
  // Messages with a special JSON form, such as Timestamp, are in `value`.
  const given = name.startsWith('google.protobuf.') && 'value' in fields ? fields.value : fields;
  return { typeUrl, value: encodeJson(type, given) };
}

function encodeJson(type: MessageType<unknown>, given: unknown): Buffer {
  let lost: string | undefined;
  try {
    const readable = withDurations(given, type.toJSON(type.fromJSON(given)));
    const message = type.fromJSON(readable);
    lost = lostField(readable, type.toJSON(message), message);
    if (lost === undefined) return encodeMessage(type, message);
  } catch (cause) {
    throw new TypeError(`JSON of ${type.$type} is broken: ${CHECK}`, { cause });
  }
  throw new TypeError(
    `JSON of ${type.$type} has ${lost || 'a value'}, which its codec cannot read: ${CHECK}`,
  );
}

/** Returns the same JSON, with durations such as "1.5s" as objects if the codec renders them as objects. */
function withDurations(given: unknown, rendered: unknown): unknown {
  if (typeof given === 'string') return isFields(rendered) ? (durationOf(given) ?? given) : given;
  if (Array.isArray(given)) {
    const items = Array.isArray(rendered) ? rendered : [];
    return given.map((item, index) => withDurations(item, items[index]));
  }
  if (!isFields(given) || !isFields(rendered)) return given;
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [key, withDurations(value, fieldOf(rendered, key))]),
  );
}

function durationOf(text: string): Fields | undefined {
  const [, sign, whole, fraction = ''] = DURATION.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const factor = sign === '-' ? -1 : 1;
  const [seconds, nanos] = [Number(whole), Number(fraction.padEnd(9, '0'))];
  // Avoids negative zero.
  return { seconds: seconds && factor * seconds, nanos: nanos && factor * nanos };
}

/**
 * Returns the path of a given value that is not rendered.
 *
 * @param message - decoded form; it includes fields that are not rendered because they have their default.
 */
function lostField(given: unknown, rendered: unknown, message: unknown): string | undefined {
  if (given === undefined || given === null) return undefined;
  if (Array.isArray(given)) {
    if (given.length === 0) return undefined;
    if (!Array.isArray(rendered) || rendered.length !== given.length) return '';
    const items: readonly unknown[] = Array.isArray(message) ? message : [];
    return firstLost(given.keys(), (index) => lostField(given[index], rendered[index], items[index]));
  }
  if (isFields(given)) {
    return firstLost(Object.keys(given), (key) => {
      const [value, held] = [fieldOf(rendered, key), fieldOf(message, key)];
      if (value === undefined && isDefault(given[key], held)) return undefined;
      return lostField(given[key], value, held);
    });
  }
  return isSameScalar(given, rendered) ? undefined : '';
}

function firstLost<Key extends string | number>(
  keys: Iterable<Key>,
  lostIn: (key: Key) => string | undefined,
): string | undefined {
  for (const key of keys) {
    const lost = lostIn(key);
    if (lost !== undefined) return lost === '' ? String(key) : `${key}.${lost}`;
  }
  return undefined;
}

/** Returns true for a default value, which is not rendered. The name of an enum's first value is one. */
function isDefault(given: unknown, held: unknown): boolean {
  if (held === undefined) return false;
  if (typeof given === 'string') {
    return given === '' ? held === '' || isEmptyBytes(held) : /^-?0+(\.0+)?$/.test(given) || held === 0;
  }
  return given === 0 || given === false || (isFields(given) && Object.keys(given).length === 0);
}

function isEmptyBytes(held: unknown): boolean {
  return ArrayBuffer.isView(held) && held.byteLength === 0;
}

function isSameScalar(given: unknown, rendered: unknown): boolean {
  if (given === rendered) return true;
  if (typeof given === 'boolean' || typeof rendered === 'boolean' || isFields(rendered)) return false;
  const [one, other] = [String(given), String(rendered)];
  if (one === other) return true;
  // Numbers may be rendered as strings, and enum values may be given by number.
  if (typeof given === 'number' && typeof rendered === 'string' && Number.isInteger(given)) {
    return Number.isNaN(Number(rendered)) ? rendered !== 'UNRECOGNIZED' : Number(rendered) === given;
  }
  if (typeof given !== 'string') return false;
  if (typeof rendered === 'number') return given.trim() !== '' && Number(given) === rendered;
  return isSameTime(given, other) || isSameBase64(given, other);
}

/** Compares two times to the nanosecond. */
function isSameTime(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) =>
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(\D.*)$/.exec(text),
  );
  if (!a || !b) return false;
  const instant = ([, date, , zone]: RegExpExecArray) => Date.parse(`${date}${zone}`);
  const nanos = ([, , fraction = '']: RegExpExecArray) => fraction.replace(/0+$/, '');
  return instant(a) === instant(b) && nanos(a) === nanos(b);
}

function isSameBase64(one: string, other: string): boolean {
  const plain = (text: string) => text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  return plain(one) === plain(other);
}

/** Returns a field by its JSON name or its original name. */
function fieldOf(container: unknown, key: string): unknown {
  if (!isFields(container)) return undefined;
  if (Object.hasOwn(container, key)) return container[key];
  const camelCase = key.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return Object.hasOwn(container, camelCase) ? container[camelCase] : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
