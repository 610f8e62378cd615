import type { Message } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { invalidField, quoted } from '../../../core/status.js';
import { checkMessageFilter, evaluateMessage } from '../../../filter/index.js';
import { messageType, type Schema } from '../../../schema/index.js';
import type { StandardMethod } from './standard-method.js';

type Listing = Extract<StandardMethod, { kind: 'list' }>;

/** Fields of a list request (AIP-132, AIP-158, AIP-160). */
export interface ListRequest {
  readonly pageSize: number;
  readonly pageToken: string;
  readonly filter: string;
  readonly orderBy: string;
}

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;

/**
 * Selects one page of resources.
 *
 * @throws StatusError INVALID_ARGUMENT if the page size is negative, or page token, filter or order are malformed.
 */
export function listResources(
  { items }: Listing,
  resources: readonly Message[],
  { pageSize, pageToken, filter, orderBy }: ListRequest,
  registry: Schema['registry'],
): { readonly page: readonly Message[]; readonly nextPageToken: string } {
  if (pageSize < 0) throw invalidField('page_size', `page size must be 0 or more, got ${pageSize}`);
  const type = messageType(items.message, registry);
  const test = checkMessageFilter(filter, type);
  const found = test ? resources.filter((resource) => evaluateMessage(test, type, resource)) : [...resources];
  const orders = parseOrder(orderBy);
  for (const { path } of orders) checkPath(reflect(items.message), path);
  found.sort((a, b) => compareBy(orders, reflect(items.message, a), reflect(items.message, b)));
  const from = pageStart(pageToken);
  const to = from + Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
  return { page: found.slice(from, to), nextPageToken: to < found.length ? String(to) : '' };
}

interface Order {
  readonly path: readonly string[];
  readonly sign: 1 | -1;
}

/** Parses `create_time desc, name` (AIP-132). */
function parseOrder(orderBy: string): readonly Order[] {
  if (orderBy.trim() === '') return [];
  return orderBy.split(',').map((term) => {
    const [, path, direction] = /^\s*([\w.]+)(?:\s+(asc|desc))?\s*$/i.exec(term) ?? [];
    if (path === undefined)
      throw invalidField(
        'order_by',
        `order ${quoted(term)} is malformed: write it as in "title, cover.kind desc"`,
      );
    return { path: path.split('.'), sign: direction?.toLowerCase() === 'desc' ? -1 : 1 };
  });
}

function checkPath(message: ReflectMessage, [name = '', ...rest]: readonly string[]): void {
  const field = message.fields.find((candidate) => candidate.name === name);
  if (
    !field ||
    field.fieldKind === 'list' ||
    field.fieldKind === 'map' ||
    (rest.length > 0 && !field.message)
  )
    throw invalidField(
      'order_by',
      `order names ${quoted(name)}, which is no sortable field of ${message.desc.typeName}: leave it out`,
    );
  if (rest.length > 0 && field.message) checkPath(reflect(field.message), rest);
}

function compareBy(orders: readonly Order[], a: ReflectMessage, b: ReflectMessage): number {
  for (const { path, sign } of orders) {
    const order = compare(valueAt(a, path), valueAt(b, path));
    if (order !== 0) return order * sign;
  }
  return 0;
}

type Sortable = string | number | bigint | boolean | undefined;

/** Value at a path. Times and durations become their nanoseconds; unset messages are undefined, which sorts first. */
function valueAt(message: ReflectMessage, [name, ...rest]: readonly string[]): Sortable {
  const field = message.fields.find((candidate) => candidate.name === name);
  if (field?.fieldKind === 'message') {
    if (!message.isSet(field)) return undefined;
    const inner = message.get(field);
    return rest.length > 0 ? valueAt(inner, rest) : nanosOf(inner);
  }
  return field ? (message.get(field) as Sortable) : undefined;
}

function nanosOf({ message }: ReflectMessage): bigint | undefined {
  const { seconds, nanos } = message as Message & { readonly seconds?: unknown; readonly nanos?: unknown };
  return typeof seconds === 'bigint' ? seconds * 1_000_000_000n + BigInt(Number(nanos)) : undefined;
}

function compare(a: Sortable, b: Sortable): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return a < b ? -1 : a > b ? 1 : 0;
}

function pageStart(token: string): number {
  const start = token === '' ? 0 : Number(token);
  if (Number.isSafeInteger(start) && start >= 0) return start;
  throw invalidField(
    'page_token',
    `page token ${quoted(token)} is invalid: pass next_page_token of the previous page`,
  );
}
