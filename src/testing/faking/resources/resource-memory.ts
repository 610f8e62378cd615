import {
  clone,
  create,
  type DescMessage,
  type DescMethod,
  fromJson,
  type Message,
  toJson,
} from '@bufbuild/protobuf';
import { type ReflectList, type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import type { FieldMask } from '@bufbuild/protobuf/wkt';
import { hasWildcard, matchesParent } from '../../../core/name.js';
import { Code, kitError, quoted, type StatusError } from '../../../core/status.js';
import type { Schema } from '../../../schema/index.js';
import { applyMask, checkMask } from './field-mask.js';
import { listResources } from './list-resources.js';
import type { StandardMethod } from './standard-method.js';

interface Resource {
  readonly name: string;
  readonly type: DescMessage;
  readonly message: Message;
}

type Creating = Extract<StandardMethod, { kind: 'create' }>;
type Updating = Extract<StandardMethod, { kind: 'update' }>;
type Listing = Extract<StandardMethod, { kind: 'list' }>;

/** Request of a standard method. */
export interface StandardRequest {
  readonly standard: StandardMethod;
  readonly input: DescMessage;
  readonly request: Message;
}

/**
 * Resources that faked methods have created, in order of creation. A type and a name identify a resource; versions of an API
 * share their resources.
 */
export class ResourceMemory {
  readonly #resources = new Map<string, Resource>();
  /** Number of resources without an id that were created in a collection. */
  readonly #numbers = new Map<string, number>();
  #lastRevision = 0;

  /**
   * Answers a standard method that returns no operation.
   *
   * @throws StatusError according to AIP-131 to 135; see {@link check}.
   */
  answer(
    standard: StandardMethod,
    { input, output }: DescMethod,
    request: Message,
    registry: Schema['registry'],
  ): Message {
    const asked = reflect(input, request);
    const given = { standard, input, request };
    switch (standard.kind) {
      case 'get':
        return asType(this.#found(textOf(asked, 'name'), standard.type), standard.type);
      case 'list':
        return this.#list(standard, output, asked, registry);
      case 'create':
      case 'update': {
        this.check(given);
        const resource = this.result(given) ?? create(standard.resource.message);
        if (!isDryRun(given)) this.settle(given, resource);
        return resource;
      }
      case 'delete': {
        this.check(given);
        const deleted = this.#find(textOf(asked, 'name'), standard.type);
        if (!isDryRun(given)) this.settle(given, create(output));
        return deleted?.type.typeName === output.typeName ? deleted.message : create(output);
      }
    }
  }

  /**
   * Rejects a request that contradicts the resources.
   *
   * @throws StatusError ALREADY_EXISTS if the resource to create exists; NOT_FOUND if the resource to update or delete does not,
   * unless `allow_missing` is set; ABORTED if the request has an outdated `etag`; INVALID_ARGUMENT if a path of `update_mask`
   * names no field.
   */
  check({ standard, input, request }: StandardRequest): void {
    const asked = reflect(input, request);
    switch (standard.kind) {
      case 'create': {
        const name = nameToBe(standard, asked);
        if (name !== undefined && this.#find(name, standard.resource.message)) throw alreadyExists(name);
        return;
      }
      case 'update': {
        checkMask(standard.resource.message, maskOf(asked));
        const update = asked.get(standard.resource);
        this.#checkPresent(textOf(update, 'name'), standard.resource.message, asked, textOf(update, 'etag'));
        return;
      }
      case 'delete':
        this.#checkPresent(textOf(asked, 'name'), standard.type, asked, textOf(asked, 'etag'));
        return;
      case 'get':
      case 'list':
    }
  }

  /**
   * Resource that a standard method results in. Undefined if there is none.
   *
   * @param reserved - name from {@link reserveName}, if the caller chose none.
   */
  result({ standard, input, request }: StandardRequest, reserved?: string): Message | undefined {
    const asked = reflect(input, request);
    switch (standard.kind) {
      case 'create':
        return this.#created(standard, asked, reserved);
      case 'update':
        return this.#updated(standard, asked);
      case 'get':
      case 'list':
      case 'delete':
        return undefined;
    }
  }

  /** Applies the success of a standard method to the resources. */
  settle({ standard, input, request }: StandardRequest, response: Message, otherName = ''): void {
    switch (standard.kind) {
      case 'create':
      case 'update': {
        const type = standard.resource.message;
        const name = textOf(reflect(type, response), 'name') || otherName;
        this.#resources.set(keyOf(type, name), { name, type, message: response });
        return;
      }
      case 'delete': {
        const deleted = this.#find(textOf(reflect(input, request), 'name'), standard.type);
        if (deleted) this.#resources.delete(keyOf(deleted.type, deleted.name));
        return;
      }
      case 'get':
      case 'list':
    }
  }

  /** Name of the resource to be created; generated if the request contains no id. */
  reserveName(standard: Creating, input: DescMessage, request: Message): string {
    const asked = reflect(input, request);
    return nameToBe(standard, asked) ?? this.#generated(standard.collection, textOf(asked, 'parent'));
  }

  clear(): void {
    this.#resources.clear();
    this.#numbers.clear();
  }

  /** @param type - undefined finds a resource of any type. */
  #find(name: string, type: DescMessage | undefined): Resource | undefined {
    if (type) return this.#resources.get(keyOf(type, name));
    return [...this.#resources.values()].find((resource) => resource.name === name);
  }

  #found(name: string, type: DescMessage | undefined): Resource {
    const resource = this.#find(name, type);
    if (!resource) throw notFound(name);
    return resource;
  }

  #checkPresent(name: string, type: DescMessage | undefined, asked: ReflectMessage, etag: string): void {
    const resource = this.#find(name, type);
    if (!resource && !isSet(asked, 'allow_missing')) throw notFound(name);
    const current = resource ? textOf(reflect(resource.type, resource.message), 'etag') : '';
    if (etag !== '' && current !== '' && etag !== current) throw outdated(name, etag);
  }

  #created(
    { resource, ...standard }: Creating,
    asked: ReflectMessage,
    reserved: string | undefined,
  ): Message {
    const given = reflect(resource.message, clone(resource.message, asked.get(resource).message));
    const name = nameToBe({ resource, ...standard }, asked) ?? reserved;
    setText(given, 'name', name ?? this.#generated(standard.collection, textOf(asked, 'parent')));
    return this.#revised(given);
  }

  #generated(collection: string, parent: string): string {
    const prefix = parent === '' ? collection : `${parent}/${collection}`;
    const number = (this.#numbers.get(prefix) ?? 0) + 1;
    this.#numbers.set(prefix, number);
    return `${prefix}/${number}`;
  }

  #updated({ resource }: Updating, asked: ReflectMessage): Message {
    const type = resource.message;
    const update = asked.get(resource);
    const known = this.#find(textOf(update, 'name'), type);
    const updated = known
      ? applyMask(type, asType(known, type), update.message, maskOf(asked))
      : clone(type, update.message);
    const named = reflect(type, updated);
    // A mask may name every field, but never renames a resource.
    setText(named, 'name', textOf(update, 'name'));
    return this.#revised(named);
  }

  /** Gives a resource that has the field `etag` a new one (AIP-154). */
  #revised(resource: ReflectMessage): Message {
    setText(resource, 'etag', `"${++this.#lastRevision}"`);
    return resource.message;
  }

  #list(
    standard: Listing,
    output: DescMessage,
    asked: ReflectMessage,
    registry: Schema['registry'],
  ): Message {
    const { items } = standard;
    const parent = textOf(asked, 'parent');
    const prefix = keyOf(items.message, '');
    const all = [...this.#resources]
      .filter(([key, { name }]) => key.startsWith(prefix) && isUnder(parent, name))
      .map(([, resource]) => asType(resource, items.message));
    const request = {
      pageSize: Number(textOf(asked, 'page_size')),
      pageToken: textOf(asked, 'page_token'),
      filter: textOf(asked, 'filter'),
      orderBy: textOf(asked, 'order_by'),
    };
    const { page, nextPageToken } = listResources(standard, all, request, registry);
    const answer = reflect(output, create(output));
    const listed = answer.get(items) as ReflectList<ReflectMessage>;
    for (const message of page) listed.add(reflect(items.message, message));
    setText(answer, 'next_page_token', nextPageToken);
    return answer.message;
  }
}

/** Returns true if the request only asks for validation (AIP-163). */
export function isDryRun({ input, request }: Pick<StandardRequest, 'input' | 'request'>): boolean {
  return isSet(reflect(input, request), 'validate_only');
}

/** Key of a resource: its type without the version of the API, and its name. */
function keyOf({ typeName }: DescMessage, name: string): string {
  return `${typeName.replace(/\.v\d\w*(?=\.)/, '')} ${name}`;
}

/** Converts a resource to the message type of another version of its API. */
function asType({ type, message }: Resource, wanted: DescMessage): Message {
  if (type === wanted) return message;
  return fromJson(wanted, toJson(type, message), { ignoreUnknownFields: true });
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

function maskOf(asked: ReflectMessage): readonly string[] {
  const field = asked.fields.find(({ name }) => name === 'update_mask');
  const mask = field?.fieldKind === 'message' && asked.isSet(field) ? asked.get(field).message : undefined;
  return (mask as FieldMask | undefined)?.paths ?? [];
}

/** Text of a scalar field. Empty if the message has no such field. */
function textOf(message: ReflectMessage, name: string): string {
  const field = message.fields.find((candidate) => candidate.name === name);
  return field?.fieldKind === 'scalar' ? String(message.get(field)) : '';
}

function isSet(message: ReflectMessage, name: string): boolean {
  return textOf(message, name) === 'true';
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

function outdated(name: string, etag: string): StatusError {
  const message = `resource ${quoted(name)} has changed since etag ${quoted(etag)}: get it again`;
  return kitError(Code.ABORTED, 'ETAG_MISMATCH', message, { metadata: { name } });
}
