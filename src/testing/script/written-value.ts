import { quoted } from '../../core/status.js';
import { nearest } from '../../schema/index.js';

/**
 * Value of a script or settings file that knows its location. Reading it as the wrong type notes a fault and
 * returns undefined. A single pass therefore finds all faults.
 */
export class WrittenValue {
  /** Location from the top of the file, such as `methods.acme.v1.Jobs.RunJob.steps[0].atMs`. */
  readonly path: string;
  readonly #node: WrittenNode;
  readonly #faults: ScriptFault[];

  /** @param faults - list to which faults are added. */
  constructor(path: string, node: WrittenNode, faults: ScriptFault[]) {
    this.path = path;
    this.#node = node;
    this.#faults = faults;
  }

  fault(reason: string): undefined {
    this.#faults.push({ line: this.#node.line, path: this.path, reason });
  }

  /** Returns the value as plain JSON. */
  toJson(): unknown {
    return this.#node.toJson();
  }

  /** Formats the value for error messages. */
  toString(): string {
    const value = this.toJson();
    return quoted(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null'));
  }

  isMap(): boolean {
    return this.#node.entries() !== undefined;
  }

  /** Returns true for null and for a value whose contents are all commented out. */
  isNothing(): boolean {
    return this.#node.isNull;
  }

  isList(): boolean {
    return this.#node.items() !== undefined;
  }

  /** Returns the entries of a map by key, in the order of the file. */
  entries(): ReadonlyMap<string, WrittenValue> | undefined {
    if (this.isNothing()) return new Map();
    const written = this.#node.entries();
    if (!written) return this.fault(`${this} is not a map: write its fields as "name: value"`);
    const entries = new Map<string, WrittenValue>();
    for (const [name, node] of written) {
      const entry = new WrittenValue(this.#child(name ?? '(key)'), node, this.#faults);
      if (name === undefined) entry.fault('a key is not a name: write a plain name before the colon');
      else entries.set(name, entry);
    }
    return entries;
  }

  /** Returns the entries of a map. Notes a fault for each key that is not in `known`. */
  fields<Name extends string>(known: readonly Name[]): Partial<Record<Name, WrittenValue>> | undefined {
    const fields: Partial<Record<Name, WrittenValue>> = {};
    const entries = this.entries();
    for (const [name, entry] of entries ?? []) {
      const found = known.find((candidate) => candidate === name);
      if (found) fields[found] = entry;
      else entry.fault(`field ${quoted(name)} is unknown: ${suggestion(name, known)}`);
    }
    return entries && fields;
  }

  items(): WrittenValue[] | undefined {
    if (this.isNothing()) return [];
    const items = this.#node.items();
    if (!items) return this.fault(`${this} is not a list: write each item after a "- "`);
    return items.map((node, index) => new WrittenValue(`${this.path}[${index}]`, node, this.#faults));
  }

  /** Returns the value at a path from here, or the closest existing value above it. */
  at([step, ...rest]: readonly (string | number)[]): WrittenValue {
    const inside = this.isMap() ? this.entries()?.get(String(step)) : this.#item(step);
    return inside ? inside.at(rest) : this;
  }

  #item(step: string | number | undefined): WrittenValue | undefined {
    return this.isList() && typeof step === 'number' ? this.items()?.[step] : undefined;
  }

  text(): string | undefined {
    const value = this.toJson();
    return typeof value === 'string' ? value : this.fault(`${this} is not text: put it in quotes`);
  }

  /** Reads a time or duration. */
  milliseconds(): number | undefined {
    const value = this.toJson();
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    return this.fault(`${this} is not a time: write whole milliseconds, 0 or more, such as 1500`);
  }

  #child(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}

/** Suggests a correction of a name that is not in `known`. */
export function suggestion(name: string, known: readonly string[]): string {
  const candidate = nearest(name, known);
  return candidate ? `did you mean ${quoted(candidate)}?` : `use one of ${known.join(', ')}`;
}

/** Fault of a script. */
export interface ScriptFault {
  /** Line number, starting at 1, or 0 if the script is not text. */
  readonly line: number;
  /** Location in the script, such as `methods.acme.v1.Jobs.RunJob.steps[0].atMs`. Empty for the file as a whole. */
  readonly path: string;
  /** Description of the fault, and how to fix it. */
  readonly reason: string;
}

/**
 * Thrown for a script that cannot be used. The message has one line per fault, `file:line: field path: reason`,
 * without the line number if there is none.
 */
export class ScriptError extends Error {
  override readonly name: string = 'ScriptError';
  /**
   * All faults in the order of the file. `line` is 0 without a file, `path` is the location such as
   * `methods.acme.v1.Jobs.RunJob.steps[0].atMs`.
   */
  readonly faults: readonly { readonly line: number; readonly path: string; readonly reason: string }[];

  constructor(file: string, faults: readonly ScriptFault[], options?: ErrorOptions) {
    const sorted = faults.toSorted((a, b) => a.line - b.line);
    const lines = sorted.map(
      ({ line, path, reason }) => `${file}${line > 0 ? `:${line}` : ''}: ${path && `${path}: `}${reason}`,
    );
    super(lines.join('\n'), options);
    this.faults = sorted;
  }
}

/** Value in its source: a YAML file or an object. */
export interface WrittenNode {
  /** Line number, or 0 if the source has no lines. */
  readonly line: number;
  readonly isNull: boolean;
  toJson(): unknown;
  /** Entries of a map in order, with undefined for keys that are not names. Undefined if the value is not a map. */
  entries(): Iterable<readonly [key: string | undefined, node: WrittenNode]> | undefined;
  /** Items of a list. Undefined if the value is not a list. */
  items(): readonly WrittenNode[] | undefined;
}

/** Reads one of several words. `besides` describes further alternatives in the fault. */
export function readChoice<Choice extends string>(
  value: WrittenValue,
  choices: readonly Choice[],
  besides = '',
): Choice | undefined {
  const given = value.toJson();
  const known = choices.find((candidate) => candidate === given);
  return known ?? value.fault(`${value} is unknown: ${suggestion(String(given), choices)}${besides}`);
}
