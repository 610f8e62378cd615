import type { MessageType } from '../core/operation-method.js';
import type { Step } from './ast.js';

/** What there can be at a place in a message. `dynamic` is what holds JSON of any form, as a Struct does. */
export type Kind =
  | 'message'
  | 'map'
  | 'list'
  | 'dynamic'
  | 'flag'
  | 'number'
  | 'text'
  | 'enum'
  | 'time'
  | 'duration';

/** A key that stands for any in maps with keys of text or numbers; and one for maps with boolean keys. */
const MAP_KEYS = ['1', 'true'] as const;
/** No field has such a name, and no value of an enum. */
const NO_FIELD = 'no field';
const TIME = '2001-02-03T04:05:06Z';
/** Something of every kind that an element may be of; a codec keeps those that fit. */
const ELEMENTS = ['AAAA', true, 1, {}, TIME, '3s'];
const ENUM_NUMBERS = Array.from({ length: 32 }, (_, number) => number);

/**
 * Tells what fields a message type has and of what kind, by what its codec keeps of JSON that it is given.
 * Codecs have no descriptor: they are what ts-proto generated, with any of its options, or are made of a
 * descriptor at run time; the JSON form is what they have in common.
 */
export class MessageShape {
  readonly #type: MessageType<unknown>;
  readonly #kinds = new Map<string, Kind | undefined>();

  constructor(type: MessageType<unknown>) {
    this.#type = type;
  }

  /** What is at a path, where the key of a map is `1`; undefined when there is nothing. */
  kindAt(path: readonly Step[]): Kind | undefined {
    const key = JSON.stringify(path);
    if (!this.#kinds.has(key)) this.#kinds.set(key, this.#findKind(path));
    return this.#kinds.get(key);
  }

  /** What a codec makes of a value at a path, in its JSON; undefined when it does not keep it. */
  keep(path: readonly Step[], value: unknown): unknown {
    try {
      return valueAt(this.#type.toJSON(this.#type.fromJSON(placed(path, value))), path);
    } catch {
      return undefined;
    }
  }

  /** The key that a map at a path keeps: it stands for every key. */
  mapKey(path: readonly Step[]): string | undefined {
    return MAP_KEYS.find((key) =>
      ELEMENTS.some((element) => {
        const kept = this.keep(path, { [key]: element });
        return isObject(kept) && Object.hasOwn(kept, key);
      }),
    );
  }

  /** The names of an enum's values, as far as numbers below 32 tell. */
  enumNames(path: readonly Step[]): string[] {
    const names = ENUM_NUMBERS.map((number) => this.keep(path, number));
    const unknown = this.keep(path, NO_FIELD);
    return [...new Set(names.filter((name) => typeof name === 'string'))].filter(
      (name) => name !== unknown && this.keep(path, name) === name,
    );
  }

  /** Whether a codec leaves out an enum's value whose name it does not know, as it does with a default. */
  leavesOutUnknownNames(path: readonly Step[]): boolean {
    return this.keep(path, NO_FIELD) === undefined;
  }

  /** The names of the fields of the message at a path, where the codec lets them be seen. */
  fieldNames(path: readonly Step[]): string[] {
    let message: unknown;
    try {
      message = valueAt(this.#type.fromJSON(placed(path, {})), path);
    } catch {
      return [];
    }
    if (!isObject(message)) return [];
    return Object.keys(message).filter((key) => this.kindAt([...path, { key }]) !== undefined);
  }

  #findKind(path: readonly Step[]): Kind | undefined {
    const keep = (value: unknown) => this.keep(path, value);
    const struct = keep({ [NO_FIELD]: 3, [`${NO_FIELD}, either`]: 'x' });
    if (isObject(struct) && struct[NO_FIELD] === 3 && Object.values(struct).includes('x')) return 'dynamic';
    const text = keep('AAAA') === 'AAAA';
    if (text && keep(true) === true && keep(3) === 3) return 'dynamic';
    // A codec that has 64-bit numbers in strings leaves out their default.
    if (keep('12') === '12' && keep('0') === undefined) return 'number';
    if (text) return 'text';
    if (ELEMENTS.some((element) => isListOfOne(keep([element])))) return 'list';
    if (this.mapKey(path) !== undefined) return 'map';
    if (Date.parse(String(keep(TIME))) === Date.parse(TIME)) return 'time';
    if (/^3(?:\.0+)?s$/.test(String(keep('3s')))) return 'duration';
    if (keep(true) === true) return 'flag';
    if (String(keep('3')) === '3') return 'number';
    if (isObject(keep({}))) return isDuration(keep({ seconds: 3, nanos: 5 })) ? 'duration' : 'message';
    return ENUM_NUMBERS.some((number) => keep(number) !== undefined) ? 'enum' : undefined;
  }
}

function placed(path: readonly Step[], value: unknown): unknown {
  return path.reduceRight((inner, step) => (step === 'elements' ? [inner] : { [step.key]: inner }), value);
}

function valueAt(json: unknown, path: readonly Step[]): unknown {
  let value = json;
  for (const step of path) {
    const key = step === 'elements' ? '0' : step.key;
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOfOne(value: unknown): boolean {
  return Array.isArray(value) && value.length === 1;
}

function isDuration(value: unknown): boolean {
  return isObject(value) && String(value.seconds) === '3' && value.nanos === 5;
}
