import type { Comparator } from './lexer.js';

/** Parsed filter whose fields have not been checked yet. */
export type Expression =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression }
  | Restriction;

/** Comparison of one field with one value: `metadata.progress_percent >= 50`. */
export interface Restriction {
  readonly kind: 'restriction';
  /** Field path, split at its dots. */
  readonly path: readonly [Segment, ...Segment[]];
  readonly comparator: Comparator;
  /** Offset of the comparator. */
  readonly comparatorAt: number;
  readonly value: Literal;
}

/** One name in a path. */
export interface Segment {
  readonly name: string;
  /** Offset in the filter, in UTF-16 units. */
  readonly at: number;
}

/** Value whose type depends on the field. */
export interface Literal {
  readonly text: string;
  /** Indices of wildcard asterisks in `text`. */
  readonly wildcards: readonly number[];
  readonly at: number;
}

/** Returns true for a presence test: `field:*`. */
export function asksForPresence({ comparator, value }: Pick<Restriction, 'comparator' | 'value'>): boolean {
  return comparator === ':' && value.text === '*' && value.wildcards.length === 1;
}
