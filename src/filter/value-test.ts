import { Code } from '../core/status.js';
import type { Equality, Order, Pattern, Test } from './ast.js';
import type { Comparator } from './lexer.js';
import type { Literal } from './parse.js';
import { parseDuration, parseNumber, parseTime } from './scalars.js';

/** Mismatch between a field and a value or operator: the part at fault, and advice on what to write. */
export interface Misfit {
  readonly kind: 'misfit';
  readonly part: 'value' | 'comparator';
  readonly advice: string;
}

/** Kind of a single value. */
export type ScalarKind = 'flag' | 'number' | 'text' | 'time' | 'duration';

/** Returns the test for a value of the given kind. For a single value, `:` means `=`. */
export function testOf(
  kind: ScalarKind | 'dynamic',
  comparator: Comparator,
  literal: Literal,
): Test | Misfit {
  if (kind === 'text') return textTest(comparator, literal);
  if (kind === 'dynamic') return dynamicTest(comparator, literal);
  if (literal.wildcards.length > 0) {
    return misfit('value', `a ${NAMES[kind]} has no wildcards; write ${EXAMPLES[kind]}`);
  }
  switch (kind) {
    case 'flag':
      if (!isEquality(comparator)) return noOrder('true and false');
      if (literal.text !== 'true' && literal.text !== 'false') return wrongType(kind);
      return { kind, comparator: equality(comparator), value: literal.text === 'true' };
    case 'number':
      return orderedTest(kind, comparator, parseNumber(literal.text)) ?? wrongType(kind);
    case 'time':
      return orderedTest(kind, comparator, parseTime(literal.text)) ?? wrongType(kind);
    case 'duration':
      return orderedTest(kind, comparator, parseDuration(literal.text)) ?? wrongType(kind);
  }
}

/** Returns the test of an error code, given by number or name. */
export function codeTest(comparator: Comparator, literal: Literal): Test | Misfit {
  const { text } = literal;
  const value = Object.hasOwn(Code, text) ? Code[text as keyof typeof Code] : parseNumber(text);
  const isCode = typeof value !== 'undefined' && Number(value) === (Number(value) | 0);
  if (isCode) return { kind: 'number', comparator: order(comparator), value: Number(value) };
  return misfit('value', 'an error code is a name or a number; write CANCELLED or 1');
}

/** Returns the test of an enum value. */
export function enumTest(comparator: Comparator, name: string): Test | Misfit {
  if (!isEquality(comparator)) return noOrder('names');
  return { kind: 'enum', comparator: equality(comparator), value: name };
}

export function misfit(part: Misfit['part'], advice: string): Misfit {
  return { kind: 'misfit', part, advice };
}

/** Returns true for operators that apply to values without an order. */
function isEquality(comparator: Comparator): boolean {
  return comparator === '=' || comparator === '!=' || comparator === ':';
}

const NAMES: Readonly<Record<Exclude<ScalarKind, 'text'>, string>> = {
  flag: 'boolean',
  number: 'number',
  time: 'time',
  duration: 'duration',
};

const EXAMPLES: Readonly<Record<Exclude<ScalarKind, 'text'>, string>> = {
  flag: 'true or false',
  number: 'a number such as 42',
  time: 'an RFC 3339 time such as "2030-01-31T12:00:00Z"',
  duration: 'seconds such as 1.5s',
};

function wrongType(kind: Exclude<ScalarKind, 'text'>): Misfit {
  return misfit('value', `it is not a ${NAMES[kind]}; write ${EXAMPLES[kind]}`);
}

function noOrder(what: string): Misfit {
  return misfit('comparator', `${what} have no order; use = or !=`);
}

function orderedTest<Kind extends 'number' | 'time' | 'duration', Value>(
  kind: Kind,
  comparator: Comparator,
  value: Value | undefined,
) {
  return value === undefined ? undefined : { kind, comparator: order(comparator), value };
}

function textTest(comparator: Comparator, literal: Literal): Test | Misfit {
  const { text, wildcards } = literal;
  if (wildcards.length === 0) return { kind: 'text', comparator: order(comparator), value: text };
  if (!isEquality(comparator)) return misfit('comparator', 'a wildcard has no order; use = or !=');
  const pattern = patternOf(literal);
  if (pattern) return { kind: 'pattern', comparator: equality(comparator), value: pattern };
  return misfit(
    'value',
    '"*" is a wildcard at the ends only; for the character itself write "\\*" in quotes',
  );
}

function patternOf({ text, wildcards }: Literal): Pattern | undefined {
  const anyBefore = wildcards.includes(0);
  // A lone asterisk counts as a wildcard at the start and matches any text.
  const anyAfter = text.length > 1 && wildcards.includes(text.length - 1);
  if (wildcards.length !== Number(anyBefore) + Number(anyAfter)) return undefined;
  return { text: text.slice(Number(anyBefore), text.length - Number(anyAfter)), anyBefore, anyAfter };
}

function dynamicTest(comparator: Comparator, literal: Literal): Test | Misfit {
  const text = textTest(comparator, literal);
  if (text.kind === 'misfit') return text;
  const others = [testOf('flag', comparator, literal), testOf('number', comparator, literal)];
  const tests = [text, ...others.filter((test) => test.kind !== 'misfit')];
  return { kind: 'dynamic', tests, ...(comparator === ':' && { has: literal.text }) };
}

function equality(comparator: Comparator): Equality {
  return comparator === '!=' ? '!=' : '=';
}

function order(comparator: Comparator): Order {
  return comparator === ':' ? '=' : comparator;
}
