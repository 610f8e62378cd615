import { isDeepStrictEqual } from 'node:util';

/** A matcher within a value, such as Jest's `expect.any(String)`. */
interface AsymmetricMatcher {
  asymmetricMatch(value: unknown): boolean;
}

/** Whether a value has all that is expected: fields of objects that are not expected may be there too. */
export function contains(value: unknown, expected: unknown): boolean {
  if (isMatcher(expected)) return expected.asymmetricMatch(value);
  if (Array.isArray(expected)) {
    const given = Array.isArray(value) && value.length === expected.length ? value : undefined;
    return given !== undefined && expected.every((item, index) => contains(given[index], item));
  }
  if (!isPlain(expected) || typeof value !== 'object' || value === null)
    return isDeepStrictEqual(value, expected);
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.entries(expected).every(([name, item]) => contains(fields[name], item));
}

function isMatcher(expected: unknown): expected is AsymmetricMatcher {
  return typeof expected === 'object' && expected !== null && 'asymmetricMatch' in expected;
}

/** An object whose fields are compared, and no bytes or the like. */
function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}
