import type { DynamicTest, Equality, Order, Pattern, Test } from './ast.js';
import { parseDuration, parseTime } from './time.js';

/**
 * Returns true if a value passes a test.
 *
 * @param value - in ProtoJSON; a time may also be a bigint, in nanoseconds since 1970. Undefined means unset
 * and passes no test, like a value of the wrong type.
 */
export function holds(test: Test, value: unknown): boolean {
  if (value === undefined) return false;
  switch (test.kind) {
    case 'present':
      return true;
    case 'flag':
      return typeof value === 'boolean' && (value === test.value) === (test.comparator === '=');
    case 'number': {
      const number = numericValue(value);
      return number !== undefined && ordered(test.comparator, number, test.value);
    }
    case 'text':
      return typeof value === 'string' && ordered(test.comparator, value, test.value);
    case 'pattern':
      return typeof value === 'string' && equal(test.comparator, matches(test.value, value));
    case 'enum':
      // An unnamed number is a value, too, and differs from every name.
      return equal(test.comparator, value === test.value);
    case 'time': {
      const nanos = typeof value === 'string' ? parseTime(value) : value;
      return typeof nanos === 'bigint' && ordered(test.comparator, nanos, test.value);
    }
    case 'duration': {
      const nanos = durationValue(value);
      return nanos !== undefined && ordered(test.comparator, nanos, test.value);
    }
    case 'dynamic':
      return holdsDynamically(test, value);
  }
}

function holdsDynamically(test: DynamicTest, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return test.tests.some((each) => holds(each, value));
  if (test.has === undefined) return false;
  return Array.isArray(value)
    ? value.some((element) => holdsDynamically(test, element))
    : Object.hasOwn(value, test.has);
}

/**
 * Parses a number of a filter or of ProtoJSON, which writes 64-bit integers as strings. Whole numbers are
 * exact.
 */
export function parseNumber(text: string): bigint | number | undefined {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  return /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/** Converts a duration to nanoseconds. It may be in ProtoJSON or, with ts-proto, a message. */
function durationValue(value: unknown): bigint | undefined {
  if (typeof value === 'string') return parseDuration(value);
  if (typeof value !== 'object' || value === null) return undefined;
  const { seconds = 0, nanos = 0 } = value as { seconds?: unknown; nanos?: unknown };
  if (!isWhole(seconds) || !isWhole(nanos)) return undefined;
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
}

function isWhole(value: unknown): value is number | string {
  return Number.isInteger(value) || (typeof value === 'string' && /^-?\d+$/.test(value));
}

function numericValue(value: unknown): bigint | number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value !== 'string') return undefined;
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity' || value === '-Infinity') return Number(value);
  return parseNumber(value);
}

function matches({ text, anyBefore, anyAfter }: Pattern, value: string): boolean {
  if (anyBefore) return anyAfter ? value.includes(text) : value.endsWith(text);
  return anyAfter ? value.startsWith(text) : value === text;
}

function equal(comparator: Equality, same: boolean): boolean {
  return same === (comparator === '=');
}

/** Compares a bigint with a number by value, like `<` and `==` and unlike `===`. */
function ordered<Value extends string | number | bigint>(comparator: Order, a: Value, b: Value): boolean {
  switch (comparator) {
    case '=':
      return a >= b && a <= b;
    case '!=':
      return !(a >= b && a <= b);
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}
