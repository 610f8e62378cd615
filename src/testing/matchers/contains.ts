import { isDeepStrictEqual } from 'node:util';
import { isUint8Array } from 'node:util/types';
import { numericText } from './numeric-text.js';

/** A matcher within a value, such as Jest's `expect.any(String)`. */
interface AsymmetricMatcher {
  asymmetricMatch(value: unknown): boolean;
}

/**
 * Returns true if a value has all that is expected; its objects may have more fields. Numbers are compared by value, in
 * whatever form a generator has them: number, bigint, Long or text.
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

/** Text is a number only if the other side is one. */
function isSameNumber(value: unknown, expected: unknown): boolean {
  if (typeof value === 'string' && typeof expected === 'string') return false;
  const number = numericText(value);
  return number !== undefined && number === numericText(expected);
}

function isMatcher(expected: unknown): expected is AsymmetricMatcher {
  return typeof expected === 'object' && expected !== null && 'asymmetricMatch' in expected;
}

/** An object whose fields are compared, and no bytes or the like. */
function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}
