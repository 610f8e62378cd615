import type { Comparator } from './lexer.js';

/** A filter as it is written, before anybody asks whether its fields exist. */
export type Expression =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression }
  | Restriction;

/** One field, compared with one value: `metadata.progress_percent >= 50`. */
export interface Restriction {
  readonly kind: 'restriction';
  /** The names between the dots of the field. */
  readonly path: readonly [Segment, ...Segment[]];
  readonly comparator: Comparator;
  /** Where the comparator stands. */
  readonly comparatorAt: number;
  readonly value: Literal;
}

/** One name of a path. */
export interface Segment {
  readonly name: string;
  /** Where it stands: an offset in the filter, in UTF-16 units. */
  readonly at: number;
}

/** A value, whose type the field will tell. */
export interface Literal {
  readonly text: string;
  /** The indices in `text` of asterisks that are wildcards. */
  readonly wildcards: readonly number[];
  readonly at: number;
}

/** Whether a field is asked only to be set: `field:*`. */
export function asksForPresence({ comparator, value }: Pick<Restriction, 'comparator' | 'value'>): boolean {
  return comparator === ':' && value.text === '*' && value.wildcards.length === 1;
}
