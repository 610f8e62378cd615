import type { Any } from '../../../generated/google/protobuf/any.js';
import { encodeMessage, pack, unpack } from '../../core/any.js';
import { notPromised, withoutPromises } from '../../core/contain.js';
import { checkOperationName, hasWildcard, parseParent } from '../../core/name.js';
import type { DeepPartial } from '../../core/operation-method.js';
import { invalidField, quoted } from '../../core/status.js';
import type { OperationRecord } from '../../stores/contract/operation-store.js';
import type { Caller } from '../access/call-facts.js';
import { scopedRequestId } from '../access/request-scope.js';
import { checkCodecs } from './check-codecs.js';
import type { ImplementedMethod, RunContext, StartContext } from './implement.js';
import { KnownFields } from './known-metadata.js';
import { queued } from './lifecycle.js';

const DEFAULT_MAX_ATTEMPTS = 5;
/** As long as a name may be. */
const LONGEST_REQUEST_ID = 1024;

/** What a new operation gets from the server. */
export interface NewIdentity extends Pick<OperationRecord, 'trace'> {
  readonly id: string;
  readonly createTime: number;
}

/** What a starting request is known by. */
export type RequestFacts = Pick<OperationRecord, 'method' | 'parent' | 'request' | 'requestId'>;

/** A run's context, but for what depends on the method's types. */
export type RunHandle = Pick<RunContext<unknown>, 'signal' | 'update'>;

/**
 * An implemented method as the server uses it: records and Any on the outside, the method's own messages on
 * the inside, and nowhere else.
 */
export class ServedMethod {
  readonly path: string;
  /** What becomes of work that a server left unfinished. */
  readonly onInterrupted: 'abort' | 'resume';
  readonly #maxAttempts: number;
  readonly #implemented: ImplementedMethod;
  readonly #knownFields: KnownFields<unknown>;

  constructor(implemented: ImplementedMethod) {
    this.#implemented = implemented;
    const { method, implementation } = implemented;
    this.path = method.path;
    this.onInterrupted = implementation.onInterrupted ?? 'abort';
    this.#maxAttempts = implementation.maxAttempts ?? DEFAULT_MAX_ATTEMPTS;
    if (!(this.#maxAttempts >= 1)) {
      throw new TypeError(`maxAttempts of ${method.path} is ${this.#maxAttempts}: it must be 1 or more`);
    }
    checkCodecs(method);
    this.#knownFields = new KnownFields(method.metadata, new Set(implementation.ownMetadataFields));
  }

  /** A starting request with every field there, as the implementation expects it. */
  request(given: DeepPartial<unknown>): unknown {
    return this.#implemented.method.request.fromPartial(given);
  }

  /** The response of a request that needs no work; undefined for one that does. Throws to refuse it. */
  async accept(request: unknown, context: StartContext): Promise<Any | undefined> {
    const { implementation } = this.#implemented;
    if (!implementation.accept) return undefined;
    const response = await implementation.accept(request, context);
    return response === undefined ? undefined : this.#packResponse(response);
  }

  /** Whether work that was begun and left is to be begun once more. */
  resumes({ attempt }: OperationRecord): boolean {
    return this.onInterrupted === 'resume' && attempt < this.#maxAttempts;
  }

  /** What a request is known by. Throws when its parent or its id cannot be one. */
  identify(request: unknown, caller: Caller = {}): RequestFacts {
    const { method } = this.#implemented;
    const parent = parseParent(this.#parent(request) ?? '', 'parent');
    if (hasWildcard(parent)) {
      const advice = '"-" stands for any segment when listing; name one place to start an operation in';
      throw invalidField('parent', `parent ${quoted(parent)} has a wildcard: ${advice}`);
    }
    const requestId = this.#requestId(request);
    const facts = { method: method.path, parent, request: encodeMessage(method.request, request) };
    return requestId ? { ...facts, requestId: scopedRequestId(requestId, caller) } : facts;
  }

  /** The parent that a request names, before anything is checked; empty when it cannot be told. */
  parentOf(request: unknown): string {
    try {
      const parent: unknown = this.#parent(request);
      return typeof parent === 'string' ? parent : '';
    } catch {
      // Whoever is let in is told what is wrong with the request, and nobody else.
      return '';
    }
  }

  /** A record to keep for a request. */
  newRecord(request: unknown, facts: RequestFacts, identity: NewIdentity): OperationRecord {
    const { method, implementation } = this.#implemented;
    const given = notPromised(implementation.metadata?.(request), `metadata of ${this.path}`);
    const metadata = method.metadata.fromPartial(withoutPromises(given ?? {}, `metadata of ${this.path}`));
    const record = queued({
      ...facts,
      ...identity,
      cancellable: implementation.cancellable ?? true,
      metadata: pack(method.metadata, this.#knownFields.fill(metadata, identity)),
    });
    checkOperationName(record.name, 'parent');
    return record;
  }

  /** The record with what its metadata's type can say of it: when it began and ended, that it was cancelled. */
  fill(record: OperationRecord): OperationRecord {
    if (this.#knownFields.areNone) return record;
    try {
      const metadata = this.#metadataOf(record);
      const filled = this.#knownFields.fill(metadata, record);
      if (filled === metadata) return record;
      return { ...record, metadata: pack(this.#implemented.method.metadata, filled) };
    } catch {
      // Another version of the server may have written it. That must keep no operation from ending.
      return record;
    }
  }

  /** The record's metadata with the fields given in `update` set. */
  merge(record: OperationRecord, update: DeepPartial<unknown>): Any {
    const type = this.#implemented.method.metadata;
    notPromised(update, `metadata given to update of ${this.path}`);
    // The keys of a long string are as many as its characters.
    if (typeof update !== 'object' || update === null)
      throw new TypeError(
        `update of ${this.path} was given ${update === null ? 'null' : `a value of type ${typeof update}`}: give an object`,
      );
    withoutPromises(update, `metadata given to update of ${this.path}`);
    const values = type.fromPartial(update) as Record<string, unknown>;
    const given = Object.fromEntries(Object.keys(update).map((field) => [field, values[field]]));
    // Not by spreading, which would leave out the defaults of a prototype.
    return pack(type, Object.assign(this.#metadataOf(record) as object, given));
  }

  /** Does the work; the response, packed. */
  run(record: OperationRecord, handle: RunHandle): Promise<Any> {
    const { method, implementation } = this.#implemented;
    const context = {
      ...handle,
      name: record.name,
      attempt: record.attempt,
      metadata: this.#metadataOf(record),
    };
    const response = implementation.run(method.request.decode(record.request), context);
    // Not awaited in a function that is halfway until then: thousands may be at work.
    return Promise.resolve(response).then((given) => this.#packResponse(given));
  }

  /** The parent as user code returned it; undefined if there is none. */
  #parent(request: unknown): string | undefined {
    const parent: unknown = notPromised(
      this.#implemented.implementation.parent?.(request),
      `parent of ${this.path}`,
    );
    if (parent !== undefined && parent !== null && typeof parent !== 'string')
      throw new TypeError(
        `parent of ${this.path} returned a value of type ${typeof parent}: return a string`,
      );
    return parent ?? undefined;
  }

  #requestId(request: unknown): string | undefined {
    const { implementation } = this.#implemented;
    const { requestId: field } = request as { readonly requestId?: unknown };
    const requestId = implementation.requestId
      ? notPromised(implementation.requestId(request), `requestId of ${this.path}`)
      : field;
    if (typeof requestId !== 'string') return undefined;
    if (!requestId.isWellFormed() || /\p{Cc}/u.test(requestId)) {
      const advice = 'use printable characters, best a UUID';
      throw invalidField('request_id', `request id ${quoted(requestId)} has a control character: ${advice}`);
    }
    if (requestId.length > LONGEST_REQUEST_ID) {
      const advice = `use at most ${LONGEST_REQUEST_ID} characters, best a UUID`;
      throw invalidField('request_id', `request id has ${requestId.length} characters: ${advice}`);
    }
    return requestId;
  }

  #metadataOf(record: OperationRecord): unknown {
    const type = this.#implemented.method.metadata;
    return record.metadata ? unpack(type, record.metadata) : type.fromPartial({});
  }

  #packResponse(response: DeepPartial<unknown>): Any {
    const type = this.#implemented.method.response;
    return pack(type, type.fromPartial(withoutPromises(response, `response of ${this.path}`)));
  }
}
