import type { Document, LineCounter, Node, Pair, Scalar } from 'yaml';
import { yaml } from '../../core/yaml.js';
import type { ScriptFault } from './script-error.js';

/**
 * Upper bound on reported syntax errors. One mistake, such as an unclosed bracket, can cause errors in everything
 * after it.
 */
const MAX_SYNTAX_ERRORS = 5;

/**
 * Faults that make a YAML file unusable regardless of its meaning: broken syntax, aliases, numbers that parsing
 * would round.
 */
export function syntaxFaults(document: Document, lines: LineCounter): ScriptFault[] {
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
  yaml().visit(document, {
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
  const { isPair, isScalar, isSeq } = yaml();
  const steps = ancestors.map((ancestor, depth) => {
    if (isPair(ancestor)) return isScalar(ancestor.key) ? `.${ancestor.key.value}` : '.(key)';
    if (!isSeq(ancestor)) return '';
    const next = ancestors[depth + 1];
    return `[${next === undefined ? key : ancestor.items.indexOf(next)}]`;
  });
  return steps.join('').replace(/^\./, '');
}
