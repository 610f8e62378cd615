import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  type ParsedNode,
  parseDocument,
} from 'yaml';
import { nearest } from '../schema/index.js';
import { quoted } from '../status.js';
import { ScriptError, type ScriptFault } from './script-error.js';
import { syntaxFaults } from './syntax-faults.js';

/** What all values of one file share. */
interface Source {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly faults: ScriptFault[];
}

/**
 * A value in a YAML file, which knows where it stands. Reading it as what it is not notes a fault and gives
 * undefined, so that one look finds everything that is wrong.
 */
export class YamlValue {
  /** From the top of the file: `methods.acme.v1.Jobs.RunJob.steps[0].atMs`. */
  readonly path: string;
  readonly #node: Node | null;
  readonly #offset: number;
  readonly #source: Source;

  constructor(path: string, node: Node | null, offset: number, source: Source) {
    this.path = path;
    this.#node = node;
    this.#offset = offset;
    this.#source = source;
  }

  fault(reason: string): undefined {
    const line = this.#source.lines.linePos(this.#offset).line;
    this.#source.faults.push({ line, path: this.path, reason });
  }

  /** As plain JSON. */
  toJson(): unknown {
    return this.#node?.toJS(this.#source.document) ?? null;
  }

  /** As error messages show it. */
  toString(): string {
    const value = this.toJson();
    return quoted(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null'));
  }

  isMap(): boolean {
    return isMap(this.#node);
  }

  /** Whether nothing is said, as where all that was there is commented out. */
  isNothing(): boolean {
    return this.#node === null || (isScalar(this.#node) && this.#node.value === null);
  }

  isList(): boolean {
    return isSeq(this.#node);
  }

  /** The entries of a map by key, in the order of the file. */
  entries(): ReadonlyMap<string, YamlValue> | undefined {
    if (this.isNothing()) return new Map();
    if (!isMap(this.#node)) return this.fault(`${this} is no map: write its fields as "name: value"`);
    const entries = new Map<string, YamlValue>();
    for (const { key, value } of this.#node.items as Pair<ParsedNode, ParsedNode | null>[]) {
      const name = isScalar(key) ? String(key.value) : '(key)';
      // What is said of an entry is said of the line that its key is on.
      const entry = new YamlValue(this.#child(name), value, key.range[0], this.#source);
      if (isScalar(key)) entries.set(name, entry);
      else entry.fault('a key is no name: write a plain name before the colon');
    }
    return entries;
  }

  /** The entries of a map all of whose keys are among `known`. */
  fields<Name extends string>(known: readonly Name[]): Partial<Record<Name, YamlValue>> | undefined {
    const fields: Partial<Record<Name, YamlValue>> = {};
    const entries = this.entries();
    for (const [name, entry] of entries ?? []) {
      const found = known.find((candidate) => candidate === name);
      if (found) fields[found] = entry;
      else entry.fault(`field ${quoted(name)} is unknown: ${suggestion(name, known)}`);
    }
    return entries && fields;
  }

  items(): YamlValue[] | undefined {
    if (this.isNothing()) return [];
    if (!isSeq(this.#node)) return this.fault(`${this} is no list: write each item after a "- "`);
    return (this.#node.items as ParsedNode[]).map(
      (item, index) => new YamlValue(`${this.path}[${index}]`, item, item.range[0], this.#source),
    );
  }

  /** What stands at that place from here; as near to it as there is something. */
  at([step, ...rest]: readonly (string | number)[]): YamlValue {
    const inside = this.isMap() ? this.entries()?.get(String(step)) : this.#item(step);
    return inside ? inside.at(rest) : this;
  }

  #item(step: string | number | undefined): YamlValue | undefined {
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

/**
 * Reads a YAML file.
 *
 * @param read - is given the top of the file; undefined when it is empty.
 * @throws ScriptError with all faults that the syntax has, else with all that `read` noted.
 */
export function readYaml<Result>(
  text: string,
  file: string,
  read: (top: YamlValue | undefined) => Result,
): Result {
  const lines = new LineCounter();
  const faults: ScriptFault[] = [];
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    faults.push(...syntaxFaults(document, lines));
    if (faults.length === 0) {
      const top = document.contents;
      const result = read(
        top ? new YamlValue('', top, top.range[0], { document, lines, faults }) : undefined,
      );
      if (faults.length === 0) return result;
    }
  } catch (cause) {
    // What is left to throw is the stack overflowing, deep in brackets.
    const reason = `the file cannot be read: ${String(cause)}; simplify it`;
    throw new ScriptError(file, [{ line: 1, path: '', reason }], { cause });
  }
  throw new ScriptError(file, faults);
}

/**
 * Reads what a program gives in place of a YAML file. Its faults have paths, but no lines.
 *
 * @throws ScriptError as {@link readYaml} does.
 */
export function readObject<Result>(
  source: object,
  name: string,
  read: (top: YamlValue | undefined) => Result,
): Result {
  // 64-bit integers are strings in ProtoJSON.
  const asText = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
  try {
    // JSON is YAML.
    return readYaml(JSON.stringify(source, asText), name, read);
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    const faults = error.faults.map((fault) => ({ ...fault, line: 0 }));
    // The error that it was told by speaks of lines that nobody wrote, and is none the wiser.
    throw new ScriptError(name, faults);
  }
}

/** How to put a name right that is none of `known`. */
export function suggestion(name: string, known: readonly string[]): string {
  const candidate = nearest(name, known);
  return candidate ? `did you mean ${quoted(candidate)}?` : `use one of ${known.join(', ')}`;
}
