import { types } from 'node:util';
import { type MessageShape, type Step, stepTo } from '../../filter/index.js';

type Fields = Record<string, unknown>;

/**
 * Merges an update into a message, in place: nested messages field by field and maps entry by entry, at any depth. Lists and all
 * other values are replaced. A field that is given as undefined is reset to its default, an entry of a map is removed.
 *
 * @param message - message to change; nothing else may use it.
 * @param given - the update, as the application wrote it: its keys name the fields to set.
 * @param values - the update as a complete message, with the values of these fields.
 * @param shape - kinds of the fields, since a codec represents a nested message, a map and a Struct all as objects.
 */
export function mergeUpdate(message: object, given: object, values: object, shape: MessageShape): void {
  new Merge(shape).fields(message as Fields, given as Fields, values as Fields, []);
}

class Merge {
  readonly #shape: MessageShape;

  constructor(shape: MessageShape) {
    this.#shape = shape;
  }

  fields(message: Fields, given: Fields, values: Fields, path: readonly Step[]): void {
    for (const key of Object.keys(given)) {
      message[key] = this.#field(message[key], given[key], values[key], path, key);
    }
  }

  /** Returns the new value of a field. */
  #field(current: unknown, given: unknown, value: unknown, path: readonly Step[], key: string): unknown {
    if (!isNested(current) || !isNested(given) || !isNested(value)) return value;
    const step = stepTo(this.#shape, path, key);
    const at = [...path, step ?? { key }];
    switch (step && this.#shape.kindAt(at)) {
      case 'message':
        this.fields(current, given, value, at);
        return current;
      case 'map':
        return this.#map(current, given, value, at);
      case undefined:
        return this.#oneof(current, given, value, path);
      case 'list':
      case 'dynamic':
      case 'flag':
      case 'number':
      case 'text':
      case 'enum':
      case 'time':
      case 'duration':
        return value;
    }
  }

  #map(current: Fields, given: Fields, value: Fields, path: readonly Step[]): unknown {
    const key = this.#shape.mapKey(path) ?? '';
    const entries = entriesOf(current);
    const values = entriesOf(value);
    for (const [name, entry] of entriesOf(given)) {
      if (entry === undefined) entries.delete(name);
      else entries.set(name, this.#field(entries.get(name), entry, values.get(name), path, key));
    }
    return types.isMap(current) ? entries : Object.fromEntries(entries);
  }

  /** Merges a oneof that is an object with a case: of the same case its values are merged, another case replaces it. */
  #oneof(current: Fields, given: Fields, value: Fields, path: readonly Step[]): unknown {
    const name = caseOf(value);
    if (name === undefined || name !== caseOf(current)) return value;
    const key = 'value' in value ? 'value' : name;
    return { ...value, [key]: this.#field(current[key], given[key], value[key], path, name) };
  }
}

/** Returns true for values that may be messages, maps or oneofs. */
function isNested(value: unknown): value is Fields {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !types.isDate(value)
  );
}

/** Returns the entries of a map in either representation. */
function entriesOf(map: object): Map<unknown, unknown> {
  return types.isMap(map) ? new Map(map) : new Map(Object.entries(map));
}

/** Returns the name of the field that is set in a oneof: `$case` of ts-proto, `case` of protobuf-es. */
function caseOf({ $case, case: name = $case }: Fields): string | undefined {
  return typeof name === 'string' ? name : undefined;
}
