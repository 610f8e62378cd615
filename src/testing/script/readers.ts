import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  type ParsedNode,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';
import { ScriptError, type ScriptFault, type WrittenNode, WrittenValue } from './written-value.js';

/**
 * Reads a YAML file.
 *
 * @param read - receives the top-level value, or undefined if the file is empty.
 * @throws ScriptError with all syntax faults, or else with all faults that `read` noted.
 */
export function readYaml<Result>(
  text: string,
  file: string,
  read: (top: WrittenValue | undefined) => Result,
): Result {
  const lines = new LineCounter();
  const faults: ScriptFault[] = [];
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    faults.push(...syntaxFaults(document, lines));
    if (faults.length === 0) {
      const top = document.contents;
      const node = top && new YamlNode(top, top.range[0], { document, lines });
      const result = read(node ? new WrittenValue('', node, faults) : undefined);
      if (faults.length === 0) return result;
    }
  } catch (cause) {
    // The only exception left is a stack overflow caused by deeply nested brackets.
    const reason = `the file cannot be read: ${String(cause)}; simplify it`;
    throw new ScriptError(file, [{ line: 1, path: '', reason }], { cause });
  }
  throw new ScriptError(file, faults);
}

/** Context shared by all values of one file. */
interface Source {
  readonly document: Document;
  readonly lines: LineCounter;
}

class YamlNode implements WrittenNode {
  readonly #node: Node | null;
  readonly #offset: number;
  readonly #source: Source;

  constructor(node: Node | null, offset: number, source: Source) {
    this.#node = node;
    this.#offset = offset;
    this.#source = source;
  }

  get line(): number {
    return this.#source.lines.linePos(this.#offset).line;
  }

  /** True also if everything in this place is commented out. */
  get isNull(): boolean {
    return this.#node === null || (isScalar(this.#node) && this.#node.value === null);
  }

  toJson(): unknown {
    return this.#node?.toJS(this.#source.document) ?? null;
  }

  entries() {
    if (!isMap<ParsedNode, ParsedNode | null>(this.#node)) return undefined;
    return this.#node.items.map(({ key, value }) => {
      const name = isScalar(key) ? String(key.value) : undefined;
      // Faults of an entry refer to the line of its key.
      return [name, new YamlNode(value, key.range[0], this.#source)] as const;
    });
  }

  items() {
    if (!isSeq<ParsedNode>(this.#node)) return undefined;
    return this.#node.items.map((item) => new YamlNode(item, item.range[0], this.#source));
  }
}

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

/**
 * Upper bound on reported syntax errors. One mistake, such as an unclosed bracket, can cause errors in everything
 * after it.
 */
const MAX_SYNTAX_ERRORS = 5;

/**
 * Faults that make a YAML file unusable regardless of its meaning: broken syntax, aliases, numbers that parsing
 * would round.
 */
function syntaxFaults(document: Document, lines: LineCounter): ScriptFault[] {
  const errors = [...document.errors, ...document.warnings].slice(0, MAX_SYNTAX_ERRORS);
  const faults = errors.map(({ pos, message }) => ({
    line: lines.linePos(pos[0]).line,
    path: '',
    reason: `${message}; correct the YAML`,
  }));
  const note = (node: Node, key: Key, ancestors: Ancestors, reason: string) => {
    const { line } = lines.linePos(node.range?.[0] ?? 0);
    faults.push({ line, path: pathOf(key, ancestors), reason });
  };
  visit(document, {
    Alias(key, node, ancestors) {
      note(node, key, ancestors, `alias *${node.source} is not supported: repeat the value`);
    },
    Scalar(key, node, ancestors) {
      if (key === 'key' || !isRounded(node)) return;
      note(node, key, ancestors, `${node.source} is too large to be read exactly: quote it`);
    },
  });
  return faults;
}

/** Returns true for an integer that parsing changes. */
function isRounded({ value, source = '' }: Scalar): boolean {
  const isInteger = /^[-+]?(?:\d+|0x[\da-f]+|0o[0-7]+)$/i.test(source);
  return isInteger && typeof value === 'number' && !Number.isSafeInteger(value);
}

type Key = number | 'key' | 'value' | null;
type Ancestors = readonly (Document | Node | Pair)[];

/** Location of a node from the top of the file, such as `methods.acme.v1.Jobs.RunJob.steps[0].atMs`. */
function pathOf(key: Key, ancestors: Ancestors): string {
  const steps = ancestors.map((ancestor, depth) => {
    if (isPair(ancestor)) return isScalar(ancestor.key) ? `.${ancestor.key.value}` : '.(key)';
    if (!isSeq(ancestor)) return '';
    const next = ancestors[depth + 1];
    return `[${next === undefined ? key : ancestor.items.indexOf(next)}]`;
  });
  return steps.join('').replace(/^\./, '');
}
