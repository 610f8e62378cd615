import { invalidField, quoted } from './status.js';

const MAX_NAME_BYTES = 1024;
const COLLECTION = 'operations';
/** Matches most well-formed names, for a fast path. Other names may be well-formed, too. */
const PLAIN_NAME = /^(?:[\w-]+\/)*operations\/[\w-]+$/;

/**
 * Parses the resource name of an operation (AIP-122): `projects/p/locations/l` and `a1b2` for
 * `projects/p/locations/l/operations/a1b2`. The parent of a plain `operations/{id}` is empty.
 *
 * A well-formed name ends with `operations/{id}` and has at most 1,024 bytes of UTF-8. Its segments are
 * non-empty, separated by single slashes, and neither `.` nor `..`. It contains no control characters and no
 * spaces at the ends.
 *
 * @param field - request field to report if the name is malformed.
 * @throws StatusError INVALID_ARGUMENT if the name is malformed.
 */
export function parseOperationName(
  name: string,
  field = 'name',
): { readonly parent: string; readonly id: string } {
  checkOperationName(name, field);
  const slash = name.lastIndexOf('/');
  return { parent: name.slice(0, Math.max(slash - COLLECTION.length - 1, 0)), id: name.slice(slash + 1) };
}

/**
 * Validates a name like {@link parseOperationName} without parsing it. Every call on an operation uses this.
 */
export function checkOperationName(name: string, field = 'name'): void {
  if (name.length <= MAX_NAME_BYTES && PLAIN_NAME.test(name)) return;
  checkSegments(field, name);
  const collection = name.slice(0, Math.max(name.lastIndexOf('/'), 0));
  if (collection === COLLECTION || collection.endsWith(`/${COLLECTION}`)) return;
  throw invalidField(
    field,
    `operation name ${quoted(name)} is malformed: it must end with "operations/{id}"`,
  );
}

/** Returns the name of operation `id` under `parent` (empty for none) without validating it. */
export function formatOperationName({
  parent,
  id,
}: {
  readonly parent: string;
  readonly id: string;
}): string {
  return parent === '' ? `${COLLECTION}/${id}` : `${parent}/${COLLECTION}/${id}`;
}

/**
 * Returns the parent in a ListOperations request. An empty name and `operations`, which the published HTTP
 * rule sends, both denote plain `operations/{id}`.
 *
 * @param field - request field to report if the name is malformed.
 * @throws StatusError INVALID_ARGUMENT if it is not a resource name.
 */
export function parseParent(name: string, field = 'name'): string {
  if (name === '' || name === COLLECTION) return '';
  checkSegments(field, name);
  return name;
}

/** Returns true if `parent` matches `pattern` segment by segment; `-` matches any one segment (AIP-159). */
export function matchesParent(pattern: string, parent: string): boolean {
  if (!hasWildcard(pattern)) return pattern === parent;
  const wanted = pattern.split('/');
  const segments = parent.split('/');
  return (
    wanted.length === segments.length &&
    // The empty parent has no segments, but splitting it yields one.
    wanted.every((segment, index) => segment === segments[index] || (segment === '-' && parent !== ''))
  );
}

/** Returns true if a parent has a `-` segment. */
export function hasWildcard(pattern: string): boolean {
  return pattern.split('/').includes('-');
}

function checkSegments(field: string, name: string): void {
  const fault = faultOf(name);
  if (fault) throw invalidField(field, `resource name ${quoted(name)} is malformed: ${fault}`);
}

function faultOf(name: string): string | undefined {
  if (name === '') return 'it is empty';
  // A string with more UTF-16 units than allowed bytes is too long; this avoids measuring a megabyte.
  if (name.length > MAX_NAME_BYTES || Buffer.byteLength(name) > MAX_NAME_BYTES) {
    return `it is longer than ${MAX_NAME_BYTES} bytes`;
  }
  // Decoders replace invalid UTF-8 by U+FFFD.
  if (!name.isWellFormed() || name.includes('\uFFFD')) return 'it is not valid UTF-8';
  if (/\p{Cc}/u.test(name)) return 'it has a control character';
  if (name !== name.trim()) return 'it has spaces at an end';
  for (const segment of name.split('/')) {
    if (segment === '') return 'it has an empty segment: put single slashes between segments only';
    if (segment === '.' || segment === '..') return `it has the segment "${segment}"`;
  }
  return undefined;
}
