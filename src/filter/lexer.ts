import { invalidField, quoted, type StatusError } from '../core/status.js';

/** Token of a filter. `start` and `end` are offsets in the filter, in UTF-16 units. */
export type Token =
  | Piece<'word' | 'string'>
  | Piece<'comparator', Comparator>
  | Piece<'minus' | 'dot' | 'comma' | 'open' | 'close' | 'end'>;

interface Piece<Kind extends string, Text extends string = string> {
  readonly kind: Kind;
  readonly start: number;
  readonly end: number;
  /** Content of the token; for a string, without quotes and escapes. */
  readonly text: Text;
  /** Indices of wildcard asterisks in `text`. */
  readonly wildcards: readonly number[];
}

/** Comparison operator; `:` means "has". */
export type Comparator = '=' | '!=' | '<' | '<=' | '>' | '>=' | ':';

const SPACE = /\s+/y;
const COMPARATOR = /<=|>=|!=|[<>=:]/y;
// An unquoted time contains colons and dots, which end any other word.
const TIME = /\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)/y;
const WORD = /[^\s()"',.:<>=!]+/y;

const SIGNS = { '-': 'minus', '.': 'dot', ',': 'comma', '(': 'open', ')': 'close' } as const;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['*', '*'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/**
 * Splits a filter into tokens, the last of which marks the end. A minus at the start of a word is a separate
 * token: it negates a term or belongs to a number.
 *
 * @throws StatusError INVALID_ARGUMENT for an invalid character, string or escape.
 */
export function tokenize(filter: string): readonly [Token, ...Token[]] {
  const tokens: Token[] = [];
  let start = skipSpace(filter, 0);
  while (start < filter.length) {
    const token = tokenAt(filter, start);
    tokens.push(token);
    start = skipSpace(filter, token.end);
  }
  const end: Token = { kind: 'end', start, end: start, text: '', wildcards: [] };
  const [first, ...others] = tokens;
  return first ? [first, ...others, end] : [end];
}

/**
 * Builds an INVALID_ARGUMENT error for a position in a filter.
 *
 * @param offset - position in UTF-16 units from 0. The error reports the column in characters from 1.
 * @param found - description of the text at the position.
 * @param advice - what was expected, or what to do.
 */
export function filterFault(filter: string, offset: number, found: string, advice: string): StatusError {
  const column = Array.from(filter.slice(0, offset)).length + 1;
  return invalidField('filter', `filter is wrong at column ${column}, ${found}: ${advice}`, {
    metadata: { column: String(column) },
  });
}

function tokenAt(filter: string, start: number): Token {
  const character = filter.charAt(start);
  if (character === '"' || character === "'") return stringAt(filter, start, character);
  const comparator = matchAt(COMPARATOR, filter, start);
  if (comparator) return piece('comparator', start, comparator as Comparator);
  if (isSign(character)) return piece(SIGNS[character], start, character);
  const word = matchAt(TIME, filter, start) ?? matchAt(WORD, filter, start);
  if (!word) throw filterFault(filter, start, quoted(character), 'write != for "is not", or quote it');
  const wildcards = Array.from(word.matchAll(/\*/g), ({ index }) => index);
  return { ...piece('word', start, word), wildcards };
}

function stringAt(filter: string, start: number, quote: string): Token {
  const wildcards: number[] = [];
  let text = '';
  for (let at = start + 1; at < filter.length; at++) {
    const character = filter.charAt(at);
    if (character === quote) return { kind: 'string', start, end: at + 1, text, wildcards };
    if (character === '*') wildcards.push(text.length);
    text += character === '\\' ? escaped(filter, at++) : character;
  }
  throw filterFault(
    filter,
    start,
    quote === '"' ? `'"'` : `"'"`,
    'the string is not terminated; close its quotes',
  );
}

function escaped(filter: string, backslash: number): string {
  const character = filter.charAt(backslash + 1);
  const meaning = ESCAPES.get(character);
  if (meaning !== undefined) return meaning;
  const advice = 'unknown escape; write one of \\" \\\' \\\\ \\* \\n \\r \\t';
  throw filterFault(filter, backslash, quoted(`\\${character}`), advice);
}

function piece<Kind extends string, Text extends string>(
  kind: Kind,
  start: number,
  text: Text,
): Piece<Kind, Text> {
  return { kind, start, end: start + text.length, text, wildcards: [] };
}

function isSign(character: string): character is keyof typeof SIGNS {
  return Object.hasOwn(SIGNS, character);
}

function skipSpace(filter: string, start: number): number {
  return start + (matchAt(SPACE, filter, start)?.length ?? 0);
}

function matchAt(pattern: RegExp, text: string, start: number): string | undefined {
  pattern.lastIndex = start;
  return pattern.exec(text)?.[0];
}
