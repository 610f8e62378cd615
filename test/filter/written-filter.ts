import fc from 'fast-check';
import type { Comparator } from '../../src/filter/lexer.js';

/** Syntax of a filter, without offsets. */
export type Written =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Written[] }
  | { readonly kind: 'not'; readonly operand: Written }
  | {
      readonly kind: 'restriction';
      readonly path: readonly string[];
      readonly comparator: Comparator;
      readonly value: { readonly text: string; readonly wildcards: readonly number[] };
    };

const word = fc.constantFrom('a', 'metadata', '@type', 'a-b', 'projects/p', 'true', '12', 'é');
const anyText = fc.oneof(
  word,
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('AND', '"\\', "'*'"),
);
const comparator = fc.constantFrom<Comparator[]>('=', '!=', '<', '<=', '>', '>=', ':');

const value = fc
  .tuple(anyText, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }))
  .map(([text, wild]) => ({ text, wildcards: asterisks(text).filter((_, nth) => wild[nth % 8]) }));

const restriction = fc.record({
  kind: fc.constant('restriction' as const),
  path: fc.array(anyText, { minLength: 1, maxLength: 4 }),
  comparator,
  value,
});

/** All filters up to a size. */
export const writtenFilter: fc.Arbitrary<Written> = fc.letrec<{ filter: Written }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    restriction,
    fc.record({ kind: fc.constant('not' as const), operand: tie('filter') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      operands: fc.array(tie('filter'), { minLength: 2, maxLength: 4 }),
    }),
  ),
})).filter;

/** Writes a filter in different notations: AND or juxtaposition, NOT or a minus, with or without quotes. */
export function print(filter: Written): string {
  switch (filter.kind) {
    case 'and':
      return filter.operands.map(operand).join(filter.operands.length % 2 ? ' AND ' : '\t ');
    case 'or':
      return filter.operands.map(operand).join(' OR ');
    case 'not':
      return `${filter.operand.kind === 'restriction' ? 'NOT ' : '-'}${operand(filter.operand)}`;
    case 'restriction': {
      const space = ' '.repeat(filter.path.length % 2);
      const path = filter.path.map((name, index) => printName(name, index)).join('.');
      return `${path}${space}${filter.comparator}${space}${printValue(filter.value)}`;
    }
  }
}

function operand(filter: Written): string {
  return filter.kind === 'restriction' ? print(filter) : `(${print(filter)})`;
}

function printName(name: string, index: number): string {
  const plain = /^[\p{L}\d@/_][\p{L}\d@/_-]*$/u.test(name) && (index > 0 || !isKeyword(name));
  return plain ? name : quote(name, asterisks(name), '"');
}

function printValue({ text, wildcards }: { text: string; wildcards: readonly number[] }): string {
  const plain = /^[\p{L}\d@/_*-]+(?:\.[\p{L}\d]+)*$/u.test(text) && /[^-]/.test(text) && !isKeyword(text);
  const asWritten = plain && wildcards.length === asterisks(text).length;
  return asWritten ? text : quote(text, wildcards, text.length % 2 ? "'" : '"');
}

function quote(text: string, wildcards: readonly number[], mark: string): string {
  const inside = text.split('').map((unit, index) => {
    if (unit === '*') return wildcards.includes(index) ? unit : '\\*';
    return unit === mark || unit === '\\' ? `\\${unit}` : unit;
  });
  return `${mark}${inside.join('')}${mark}`;
}

function asterisks(text: string): number[] {
  return Array.from(text.matchAll(/\*/g), ({ index }) => index);
}

function isKeyword(text: string): boolean {
  return text === 'AND' || text === 'OR' || text === 'NOT';
}
