import { quoted } from '../../core/status.js';
import { nearest } from '../../schema/index.js';
import type { ScriptFault } from './script-error.js';
import type { WrittenNode } from './written-node.js';

/**
 * A value of a file, or of an object in place of one, which knows where it stands. Reading it as what it is not notes a
 * fault and gives undefined, so that one look finds everything that is wrong.
 */
export class WrittenValue {
  /** From the top of the file: `methods.acme.v1.Jobs.RunJob.steps[0].atMs`. */
  readonly path: string;
  readonly #node: WrittenNode;
  readonly #faults: ScriptFault[];

  /** @param faults - what is wrong is added there. */
  constructor(path: string, node: WrittenNode, faults: ScriptFault[]) {
    this.path = path;
    this.#node = node;
    this.#faults = faults;
  }

  fault(reason: string): undefined {
    this.#faults.push({ line: this.#node.line, path: this.path, reason });
  }

  /** As plain JSON. */
  toJson(): unknown {
    return this.#node.toJson();
  }

  /** As error messages show it. */
  toString(): string {
    const value = this.toJson();
    return quoted(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null'));
  }

  isMap(): boolean {
    return this.#node.entries() !== undefined;
  }

  /** Whether nothing is said, as where all that was there is commented out. */
  isNothing(): boolean {
    return this.#node.isNull;
  }

  isList(): boolean {
    return this.#node.items() !== undefined;
  }

  /** The entries of a map by key, in the order of the file. */
  entries(): ReadonlyMap<string, WrittenValue> | undefined {
    if (this.isNothing()) return new Map();
    const written = this.#node.entries();
    if (!written) return this.fault(`${this} is no map: write its fields as "name: value"`);
    const entries = new Map<string, WrittenValue>();
    for (const [name, node] of written) {
      const entry = new WrittenValue(this.#child(name ?? '(key)'), node, this.#faults);
      if (name === undefined) entry.fault('a key is no name: write a plain name before the colon');
      else entries.set(name, entry);
    }
    return entries;
  }

  /** The entries of a map all of whose keys are among `known`. */
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
    if (!items) return this.fault(`${this} is no list: write each item after a "- "`);
    return items.map((node, index) => new WrittenValue(`${this.path}[${index}]`, node, this.#faults));
  }

  /** What stands at that place from here; as near to it as there is something. */
  at([step, ...rest]: readonly (string | number)[]): WrittenValue {
    const inside = this.isMap() ? this.entries()?.get(String(step)) : this.#item(step);
    return inside ? inside.at(rest) : this;
  }

  #item(step: string | number | undefined): WrittenValue | undefined {
    return this.isList() && typeof step === 'number' ? this.items()?.[step] : undefined;
  }

  text(): string | undefined {
    const value = this.toJson();
    return typeof value === 'string' ? value : this.fault(`${this} is no text: put it in quotes`);
  }

  /** A time or a span of time. */
  milliseconds(): number | undefined {
    const value = this.toJson();
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    return this.fault(`${this} is no time: write whole milliseconds, 0 or more, such as 1500`);
  }

  #child(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}

/** How to put a name right that is none of `known`. */
export function suggestion(name: string, known: readonly string[]): string {
  const candidate = nearest(name, known);
  return candidate ? `did you mean ${quoted(candidate)}?` : `use one of ${known.join(', ')}`;
}
