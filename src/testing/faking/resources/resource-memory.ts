import { clone, create, type DescMessage, type DescMethod, type Message } from '@bufbuild/protobuf';
import { type ReflectList, type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import type { FieldMask } from '@bufbuild/protobuf/wkt';
import { hasWildcard, matchesParent } from '../../../core/name.js';
import { Code, invalidField, kitError, quoted, type StatusError } from '../../../core/status.js';
import type { StandardMethod } from './standard-method.js';

interface Resource {
  readonly type: DescMessage;
  readonly message: Message;
}

type Creating = Extract<StandardMethod, { kind: 'create' }>;
type Updating = Extract<StandardMethod, { kind: 'update' }>;
type Listing = Extract<StandardMethod, { kind: 'list' }>;

const DEFAULT_PAGE_SIZE = 50;

/** Resources that faked methods have created, by name, in order of creation. */
export class ResourceMemory {
  readonly #resources = new Map<string, Resource>();
  readonly #numbers = new Map<string, number>();

  /**
   * Answers a standard method that returns no operation.
   *
   * @throws StatusError NOT_FOUND or ALREADY_EXISTS according to AIP-131 to 135.
   */
  answer(standard: StandardMethod, { input, output }: DescMethod, request: Message): Message {
    const asked = reflect(input, request);
    switch (standard.kind) {
      case 'get':
        return this.#found(textOf(asked, 'name'), standard.type).message;
      case 'list':
        return this.#list(standard, output, asked);
      case 'create': {
        this.checkCreate(standard, input, request);
        return this.#keep(this.#created(standard, asked), standard.resource.message);
      }
      case 'update': {
        this.#found(textOf(asked.get(standard.resource), 'name'), standard.resource.message);
        return this.#keep(this.#updated(standard, asked), standard.resource.message);
      }
      case 'delete': {
        const name = textOf(asked, 'name');
        const { message, type } = this.#found(name);
        this.#resources.delete(name);
        return type.typeName === output.typeName ? message : create(output);
      }
    }
  }

  /** Rejects the creation of an existing resource. */
  checkCreate(standard: Creating, input: DescMessage, request: Message): void {
    const name = nameToBe(standard, reflect(input, request));
    if (name !== undefined && this.#resources.has(name)) throw alreadyExists(name);
  }

  /** Resource that an operation of a standard method results in. Undefined if there is none. */
  result(standard: StandardMethod, input: DescMessage, request: Message): Message | undefined {
    switch (standard.kind) {
      case 'create':
        return this.#created(standard, reflect(input, request));
      case 'update':
        return this.#updated(standard, reflect(input, request));
      case 'get':
      case 'list':
      case 'delete':
        return undefined;
    }
  }

  /** Applies the success of an operation of a standard method to the stored resources. */
  settle(
    standard: StandardMethod,
    input: DescMessage,
    request: Message,
    outcome: { readonly response: Message; readonly name: string },
  ): void {
    switch (standard.kind) {
      case 'create':
      case 'update':
        this.#keep(outcome.response, standard.resource.message, outcome.name);
        break;
      case 'delete':
        this.#resources.delete(textOf(reflect(input, request), 'name'));
        break;
      case 'get':
      case 'list':
    }
  }

  clear(): void {
    this.#resources.clear();
    this.#numbers.clear();
  }

  #keep(message: Message, type: DescMessage, otherName = ''): Message {
    this.#resources.set(textOf(reflect(type, message), 'name') || otherName, { type, message });
    return message;
  }

  #found(name: string, type?: DescMessage): Resource {
    const resource = this.#resources.get(name);
    if (!resource || (type && resource.type.typeName !== type.typeName)) throw notFound(name);
    return resource;
  }

  #created(standard: Creating, asked: ReflectMessage): Message {
    const { resource, collection } = standard;
    const given = reflect(resource.message, clone(resource.message, asked.get(resource).message));
    const name = nameToBe(standard, asked) ?? this.#unnamed(collection, textOf(asked, 'parent'));
    setText(given, 'name', name);
    return given.message;
  }

  /** Generates the name of a resource whose request contains no id. */
  #unnamed(collection: string, parent: string): string {
    const prefix = parent === '' ? collection : `${parent}/${collection}`;
    const number = (this.#numbers.get(prefix) ?? 0) + 1;
    this.#numbers.set(prefix, number);
    return `${prefix}/${number}`;
  }

  #updated({ resource }: Updating, asked: ReflectMessage): Message {
    const update = asked.get(resource);
    const known = this.#resources.get(textOf(update, 'name'));
    if (!known) return update.message;
    const field = asked.fields.find(({ name }) => name === 'update_mask');
    const mask = field?.fieldKind === 'message' && asked.isSet(field) ? asked.get(field).message : undefined;
    return applyMask(
      resource.message,
      known.message,
      update.message,
      (mask as FieldMask | undefined)?.paths ?? [],
    );
  }

  #list({ items }: Listing, output: DescMessage, asked: ReflectMessage): Message {
    const parent = textOf(asked, 'parent');
    const all = [...this.#resources].filter(
      ([name, { type }]) => type.typeName === items.message.typeName && isUnder(parent, name),
    );
    const from = pageStart(textOf(asked, 'page_token'));
    const to = from + (numberOf(asked, 'page_size') || DEFAULT_PAGE_SIZE);
    const page = reflect(output, create(output));
    const listed = page.get(items) as ReflectList<ReflectMessage>;
    for (const [, { type, message }] of all.slice(from, to)) listed.add(reflect(type, message));
    setText(page, 'next_page_token', to < all.length ? String(to) : '');
    return page.message;
  }
}

/** Name that a create request asks for. Undefined if the server chooses it. */
function nameToBe({ resource, id, collection }: Creating, asked: ReflectMessage): string | undefined {
  const given = textOf(asked.get(resource), 'name');
  if (given !== '') return given;
  const last = id ? textOf(asked, id.name) : '';
  if (last === '') return undefined;
  const parent = textOf(asked, 'parent');
  return parent === '' ? `${collection}/${last}` : `${parent}/${collection}/${last}`;
}

function isUnder(parent: string, name: string): boolean {
  const above = name.split('/').slice(0, -2).join('/');
  return hasWildcard(parent) ? matchesParent(parent, above) : parent === above;
}

function pageStart(token: string): number {
  const start = token === '' ? 0 : Number(token);
  if (Number.isSafeInteger(start) && start >= 0) return start;
  throw invalidField(
    'page_token',
    `page token ${quoted(token)} is invalid: pass next_page_token of the previous page`,
  );
}

function textOf(message: ReflectMessage, name: string): string {
  const field = message.fields.find((candidate) => candidate.name === name);
  return field?.fieldKind === 'scalar' ? String(message.get(field)) : '';
}

function numberOf(message: ReflectMessage, name: string): number {
  return Number(textOf(message, name));
}

function setText(message: ReflectMessage, name: string, value: string): void {
  const field = message.fields.find((candidate) => candidate.name === name);
  if (field?.fieldKind === 'scalar') message.set(field, value);
}

function notFound(name: string): StatusError {
  const message = `resource ${quoted(name)} does not exist: create it first, or set the answer in the script`;
  return kitError(Code.NOT_FOUND, 'RESOURCE_NOT_FOUND', message, { metadata: { name } });
}

function alreadyExists(name: string): StatusError {
  const message = `resource ${quoted(name)} exists: choose another id, or delete it first`;
  return kitError(Code.ALREADY_EXISTS, 'RESOURCE_EXISTS', message, { metadata: { name } });
}

/**
 * Applies an update to the fields that a mask names (AIP-134). A named field that the update leaves unset is
 * cleared. `*` names all fields; an empty mask names those that are set.
 *
 * @param paths - proto names, with dots for nested fields.
 */
export function applyMask<Type extends DescMessage>(
  type: Type,
  resource: Message,
  update: Message,
  paths: readonly string[],
): Message {
  const merged = reflect(type, clone(type, resource as never));
  const given = reflect(type, clone(type, update as never));
  if (paths.length === 0) {
    for (const field of given.fields) if (given.isSet(field)) merged.set(field, given.get(field));
    return merged.message;
  }
  for (const path of paths) {
    if (path === '*') return given.message;
    copyField(merged, given, path.split('.'));
  }
  return merged.message;
}

function copyField(to: ReflectMessage, from: ReflectMessage, [name, ...rest]: readonly string[]): void {
  const field = to.fields.find((candidate) => candidate.name === name);
  if (!field) return;
  if (rest.length > 0 && field.fieldKind === 'message') {
    const inner = to.get(field);
    copyField(inner, from.get(field), rest);
    to.set(field, inner);
  } else if (from.isSet(field)) to.set(field, from.get(field));
  else to.clear(field);
}
