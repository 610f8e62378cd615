import { quoted } from '../core/status.js';
import { type Comparator, filterFault, type Token, tokenize } from './lexer.js';

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

/** Upper bounds on a filter (AIP-160, Limitations); `length` is in UTF-16 units. */
export const FILTER_LIMITS = { length: 8192, depth: 50, restrictions: 200, segments: 16 } as const;

const KEYWORDS: ReadonlySet<string> = new Set(['AND', 'OR', 'NOT']);
const EXAMPLE = 'write FIELD OPERATOR VALUE, as in done = false';

/** Field and operator to which values in parentheses apply. */
type Field = Omit<Restriction, 'value'>;

/**
 * Parses a filter by the grammar of AIP-160. OR binds tighter than AND, and adjacent terms are joined by AND.
 * A comparison with values in parentheses applies to each: `a = (1 OR 2)` is `a = 1 OR a = 2`.
 *
 * @returns undefined for the empty filter, which matches everything.
 * @throws StatusError INVALID_ARGUMENT with the column if the filter is malformed or exceeds {@link
 * FILTER_LIMITS}. Also for bare values and functions, which are not supported.
 */
export function parseFilter(filter: string): Expression | undefined {
  if (filter.length > FILTER_LIMITS.length) {
    const found = `where character ${FILTER_LIMITS.length + 1} of ${filter.length} begins`;
    throw filterFault(filter, FILTER_LIMITS.length, found, 'the filter is too long; shorten it');
  }
  return new Parser(filter).parse();
}

/** Returns true for a presence test: `field:*`. */
export function asksForPresence({ comparator, value }: Pick<Restriction, 'comparator' | 'value'>): boolean {
  return comparator === ':' && value.text === '*' && value.wildcards.length === 1;
}

class Parser {
  readonly #filter: string;
  readonly #tokens: readonly [Token, ...Token[]];
  #index = 0;
  #depth = 0;
  #restrictions = 0;

  constructor(filter: string) {
    this.#filter = filter;
    this.#tokens = tokenize(filter);
  }

  parse(): Expression | undefined {
    if (this.#peek().kind === 'end') return undefined;
    const expression = this.#expression();
    if (this.#peek().kind !== 'end') throw this.#unexpected('expected AND, OR or the end');
    return expression;
  }

  #expression(field?: Field): Expression {
    const operands: Expression[] = [];
    do {
      do operands.push(this.#factor(field));
      while (!this.#atKeyword('AND') && this.#peek().kind !== 'end' && this.#peek().kind !== 'close');
    } while (this.#takeKeyword('AND'));
    return joined('and', operands);
  }

  #factor(field?: Field): Expression {
    const operands = [this.#term(field)];
    while (this.#takeKeyword('OR')) operands.push(this.#term(field));
    return joined('or', operands);
  }

  #term(field?: Field): Expression {
    // In a list of values, a minus is the sign of a number.
    const negated = this.#takeKeyword('NOT') || (!field && this.#takeMinus());
    return negated ? { kind: 'not', operand: this.#simple(field) } : this.#simple(field);
  }

  #simple(field?: Field): Expression {
    if (this.#peek().kind !== 'open') return field ? this.#counted(field) : this.#restriction();
    if (this.#depth === FILTER_LIMITS.depth) {
      throw this.#unexpected(`parentheses are nested more than ${FILTER_LIMITS.depth} deep; nest fewer`);
    }
    this.#depth++;
    this.#take();
    const expression = this.#expression(field);
    if (this.#peek().kind !== 'close') throw this.#unexpected('expected AND, OR or ")"');
    this.#take();
    this.#depth--;
    return expression;
  }

  #restriction(): Expression {
    const first = this.#peek();
    const path = this.#path();
    const next = this.#peek();
    if (next.kind === 'open' && this.#touches(next)) throw this.#function(first);
    if (next.kind !== 'comparator') throw this.#bareValue(first);
    this.#take();
    if (this.#peek().kind === 'open' && next.text === '!=') {
      throw this.#unexpected('"!=" takes one value; for several write NOT FIELD = (A OR B)');
    }
    return this.#simple({ kind: 'restriction', path, comparator: next.text, comparatorAt: next.start });
  }

  #path(): [Segment, ...Segment[]] {
    const path: [Segment, ...Segment[]] = [this.#segment('value')];
    while (this.#peek().kind === 'dot') {
      this.#take();
      if (path.length === FILTER_LIMITS.segments) {
        throw this.#unexpected(`a field has at most ${FILTER_LIMITS.segments} names; use a shorter one`);
      }
      path.push(this.#segment('field'));
    }
    return path;
  }

  /** Parses a path segment. A keyword is a field name after a dot, but not before one. */
  #segment(place: 'value' | 'field'): Segment {
    const { kind, text, start } = this.#peek();
    const named = kind === 'string' || (kind === 'word' && !(place === 'value' && KEYWORDS.has(text)));
    if (!named)
      throw this.#unexpected(place === 'value' ? `expected a field: ${EXAMPLE}` : 'expected a name');
    this.#take();
    return { name: text, at: start };
  }

  /** Parses a string, or all tokens up to the next space: `-1.5`, `projects/p`, `a.b`. */
  #literal(): Literal {
    const first = this.#peek();
    if (first.kind === 'string') return literalOf(this.#take());
    const pieces: Token[] = [];
    const ofValue = ({ kind }: Token) => kind === 'word' || kind === 'minus' || kind === 'dot';
    while (ofValue(this.#peek()) && (pieces.length === 0 || this.#touches(this.#peek()))) {
      pieces.push(this.#take());
    }
    const text = pieces.map((piece) => piece.text).join('');
    if (!pieces.some(({ kind }) => kind === 'word') || KEYWORDS.has(text)) {
      this.#index -= pieces.length;
      throw this.#unexpected('expected a value; quote it if it contains special characters');
    }
    if (this.#peek().kind === 'open' && this.#touches(this.#peek())) throw this.#function(first);
    if (this.#peek().kind === 'comparator') {
      throw this.#unexpected('a value ends before it; put the value in quotes if it is part of it');
    }
    const wildcards = pieces.flatMap((piece) =>
      piece.wildcards.map((index) => index + piece.start - first.start),
    );
    return { text, wildcards, at: first.start };
  }

  #counted(field: Field): Restriction {
    const value = this.#literal();
    if (++this.#restrictions <= FILTER_LIMITS.restrictions) return { ...field, value };
    const { at, text } = value;
    const advice = `a filter has at most ${FILTER_LIMITS.restrictions} comparisons; use fewer`;
    throw filterFault(this.#filter, at, quoted(text), advice);
  }

  #peek(): Token {
    return this.#tokens[this.#index] ?? this.#tokens[0];
  }

  #take(): Token {
    const token = this.#peek();
    this.#index++;
    return token;
  }

  /** Returns true if a token directly follows the previous one. */
  #touches({ start }: Token): boolean {
    return this.#tokens[this.#index - 1]?.end === start;
  }

  #atKeyword(keyword: string): boolean {
    return this.#peek().kind === 'word' && this.#peek().text === keyword;
  }

  #takeKeyword(keyword: string): boolean {
    const found = this.#atKeyword(keyword);
    if (found) this.#take();
    return found;
  }

  #takeMinus(): boolean {
    const found = this.#peek().kind === 'minus';
    if (found) this.#take();
    return found;
  }

  #unexpected(advice: string): Error {
    const { start, end, kind } = this.#peek();
    const found = kind === 'end' ? 'its end' : quoted(this.#filter.slice(start, end));
    return filterFault(this.#filter, start, found, advice);
  }

  #bareValue({ start, text }: Token): Error {
    const upper = text.toUpperCase();
    const advice = KEYWORDS.has(upper)
      ? `operators are upper case; write ${upper}`
      : `a value alone is not searched for; ${EXAMPLE}. Fields: name, done, error.code, error.message, ` +
        'create_time, end_time, metadata.…, response.…';
    return filterFault(this.#filter, start, quoted(text), advice);
  }

  #function({ start, text }: Token): Error {
    const advice = `functions are not supported; compare a field with a value, as in done = false`;
    return filterFault(this.#filter, start, quoted(text), advice);
  }
}

function literalOf({ text, wildcards, start }: Token): Literal {
  return { text, wildcards, at: start };
}

function joined(kind: 'and' | 'or', operands: readonly Expression[]): Expression {
  const [first] = operands;
  return first && operands.length === 1 ? first : { kind, operands };
}
