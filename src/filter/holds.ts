import type { DynamicTest, Equality, Order, Pattern, Test } from './ast.js';
import { parseDuration, parseTime } from './time.js';

/**
 * Whether a value passes a test.
 *
 * @param value - as ProtoJSON has it; a time may also be a bigint, in nanoseconds since 1970. Undefined is not
 * set, and passes no test; nor does a value of another type than the test is for.
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
      // A number that has no name is a value too, and differs from every name.
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

/** A number of a filter or of ProtoJSON, which has those of 64 bits in strings; exact where it is whole. */
export function parseNumber(text: string): bigint | number | undefined {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  return /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/** The nanoseconds of a duration: as ProtoJSON has it, or as the message that ts-proto leaves it. */
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

/** Compares a bigint with a number by value, as `<` and `==` do and `===` does not. */
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
