import { invalidField, quoted } from './status.js';

/**
 * A resource name of an operation (AIP-122), taken apart: `projects/p/locations/l` and `a1b2` of
 * `projects/p/locations/l/operations/a1b2`.
 */
export interface OperationName {
  /** What stands before `/operations/{id}`; empty for a plain `operations/{id}`. */
  readonly parent: string;
  /** The last segment. */
  readonly id: string;
}

const MAX_NAME_BYTES = 1024;
const COLLECTION = 'operations';
/** Well-formed names as nearly all are; what it does not match may be well-formed too. */
const PLAIN_NAME = /^(?:[\w-]+\/)*operations\/[\w-]+$/;

/**
 * Takes the name of an operation apart.
 *
 * @param field - the request field to blame when it is malformed.
 * @throws StatusError INVALID_ARGUMENT when it is malformed. Well-formed: at most 1,024 bytes of UTF-8, non-empty segments
 * between single slashes, none `.` or `..`, no control characters or spaces at the ends, `operations/{id}`
 * as its end.
 */
export function parseOperationName(name: string, field = 'name'): OperationName {
  checkOperationName(name, field);
  const slash = name.lastIndexOf('/');
  return { parent: name.slice(0, Math.max(slash - COLLECTION.length - 1, 0)), id: name.slice(slash + 1) };
}

/** Throws what {@link parseOperationName} does, and takes nothing apart: every call on an operation comes by here. */
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

/** The name of the operation `id` under `parent` (empty: none), not checked. */
export function formatOperationName({ parent, id }: OperationName): string {
  return parent === '' ? `${COLLECTION}/${id}` : `${parent}/${COLLECTION}/${id}`;
}

/**
 * The parent that a ListOperations request names. Empty, and `operations`, as the published HTTP rule has it,
 * stand for plain `operations/{id}`.
 *
 * @param field - the request field to blame when it is malformed.
 * @throws StatusError INVALID_ARGUMENT when it is no resource name.
 */
export function parseParent(name: string, field = 'name'): string {
  if (name === '' || name === COLLECTION) return '';
  checkSegments(field, name);
  return name;
}

/** Whether `parent` matches `pattern` segment by segment, where `-` stands for any one segment (AIP-159). */
export function matchesParent(pattern: string, parent: string): boolean {
  if (!hasWildcard(pattern)) return pattern === parent;
  const wanted = pattern.split('/');
  const segments = parent.split('/');
  return (
    wanted.length === segments.length &&
    // The empty parent has no segment, though splitting it gives one.
    wanted.every((segment, index) => segment === segments[index] || (segment === '-' && parent !== ''))
  );
}

/** Whether a parent has a `-` among its segments. */
export function hasWildcard(pattern: string): boolean {
  return pattern.split('/').includes('-');
}

function checkSegments(field: string, name: string): void {
  const fault = faultOf(name);
  if (fault) throw invalidField(field, `resource name ${quoted(name)} is malformed: ${fault}`);
}

function faultOf(name: string): string | undefined {
  if (name === '') return 'it is empty';
  // A string of more units than bytes allowed is too long already; measuring a megabyte tells no more.
  if (name.length > MAX_NAME_BYTES || Buffer.byteLength(name) > MAX_NAME_BYTES) {
    return `it is longer than ${MAX_NAME_BYTES} bytes`;
  }
  // U+FFFD is what decoding leaves of bytes that are no UTF-8.
  if (!name.isWellFormed() || name.includes('\uFFFD')) return 'it is not valid UTF-8';
  if (/\p{Cc}/u.test(name)) return 'it has a control character';
  if (name !== name.trim()) return 'it has spaces at an end';
  for (const segment of name.split('/')) {
    if (segment === '') return 'it has an empty segment: put single slashes between segments only';
    if (segment === '.' || segment === '..') return `it has the segment "${segment}"`;
  }
  return undefined;
}
