import type { Document, LineCounter, Node, ParsedNode } from 'yaml';
import { yaml } from '../../core/yaml.js';
import { ScriptError, type ScriptFault } from './script-error.js';
import { syntaxFaults } from './syntax-faults.js';
import type { WrittenNode } from './written-node.js';
import { WrittenValue } from './written-value.js';

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
  const { LineCounter, parseDocument } = yaml();
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
    return this.#node === null || (yaml().isScalar(this.#node) && this.#node.value === null);
  }

  toJson(): unknown {
    return this.#node?.toJS(this.#source.document) ?? null;
  }

  entries() {
    const { isMap, isScalar } = yaml();
    if (!isMap<ParsedNode, ParsedNode | null>(this.#node)) return undefined;
    return this.#node.items.map(({ key, value }) => {
      const name = isScalar(key) ? String(key.value) : undefined;
      // Faults of an entry refer to the line of its key.
      return [name, new YamlNode(value, key.range[0], this.#source)] as const;
    });
  }

  items() {
    if (!yaml().isSeq<ParsedNode>(this.#node)) return undefined;
    return this.#node.items.map((item) => new YamlNode(item, item.range[0], this.#source));
  }
}
