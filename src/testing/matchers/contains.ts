import { isDeepStrictEqual } from 'node:util';
import { isUint8Array } from 'node:util/types';
import { numericText } from './numeric-text.js';

/** Matcher nested in an expected value, such as Jest's `expect.any(String)`. */
interface AsymmetricMatcher {
  asymmetricMatch(value: unknown): boolean;
}

/**
 * Returns true if a value contains everything that is expected. Objects may have additional fields. Numbers are
 * compared by value in any form of generated code: number, bigint, Long or text.
 */
export function contains(value: unknown, expected: unknown): boolean {
  if (isMatcher(expected)) return expected.asymmetricMatch(value);
  if (isSameNumber(value, expected)) return true;
  if (isUint8Array(expected)) return isUint8Array(value) && Buffer.compare(value, expected) === 0;
  if (Array.isArray(expected)) {
    const given = Array.isArray(value) && value.length === expected.length ? value : undefined;
    return given !== undefined && expected.every((item, index) => contains(given[index], item));
  }
  if (!isPlain(expected) || typeof value !== 'object' || value === null)
    return isDeepStrictEqual(value, expected);
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.entries(expected).every(([name, item]) => contains(fields[name], item));
}

/** Compares numbers. Text counts as a number only if the other side is a number. */
function isSameNumber(value: unknown, expected: unknown): boolean {
  if (typeof value === 'string' && typeof expected === 'string') return false;
  const number = numericText(value);
  return number !== undefined && number === numericText(expected);
}

function isMatcher(expected: unknown): expected is AsymmetricMatcher {
  return typeof expected === 'object' && expected !== null && 'asymmetricMatch' in expected;
}

/** Returns true for objects that are compared by field, which excludes byte arrays. */
function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}
