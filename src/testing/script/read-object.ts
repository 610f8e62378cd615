import { ScriptError, type ScriptFault } from './script-error.js';
import type { WrittenNode } from './written-node.js';
import { WrittenValue } from './written-value.js';

/**
 * Reads an object in place of a YAML file. Faults have paths but no lines.
 *
 * @throws ScriptError with all faults.
 */
export function readObject<Result>(
  source: object,
  name: string,
  read: (top: WrittenValue) => Result,
): Result {
  const faults: ScriptFault[] = [];
  const json: unknown = JSON.parse(JSON.stringify(source, asText));
  const top = new WrittenValue('', new ObjectNode(json), faults);
  noteRounded(top);
  if (faults.length === 0) {
    const result = read(top);
    if (faults.length === 0) return result;
  }
  throw new ScriptError(name, faults);
}

/** Writes 64-bit integers as strings, as ProtoJSON does. */
function asText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** Notes integers beyond the precision of a number, because they have already been rounded. */
function noteRounded(value: WrittenValue): void {
  if (value.isMap()) for (const entry of value.entries()?.values() ?? []) noteRounded(entry);
  else if (value.isList()) for (const item of value.items() ?? []) noteRounded(item);
  else {
    const number = value.toJson();
    if (typeof number !== 'number' || Number.isSafeInteger(number) || !/^-?\d+$/.test(String(number))) return;
    value.fault(`${number} is too large to be read exactly: quote it`);
  }
}

/** Value of a parsed JSON document. */
class ObjectNode implements WrittenNode {
  readonly line = 0;
  readonly #json: unknown;

  constructor(json: unknown) {
    this.#json = json;
  }

  get isNull(): boolean {
    return this.#json === null;
  }

  toJson(): unknown {
    return this.#json;
  }

  entries() {
    const json = this.#json;
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
    return Object.entries(json).map(([key, value]) => [key, new ObjectNode(value)] as const);
  }

  items() {
    return Array.isArray(this.#json) ? this.#json.map((item: unknown) => new ObjectNode(item)) : undefined;
  }
}
