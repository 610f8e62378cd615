import type { Any } from '../../../generated/google/protobuf/any.js';
import { encodeMessage, pack, unpack } from '../../core/any.js';
import { notPromised, withoutPromises } from '../../core/contain.js';
import { messageFrom } from '../../core/known-fields.js';
import { checkOperationName, hasWildcard, parseParent } from '../../core/name.js';
import type { DeepPartial } from '../../core/operation-method.js';
import { invalidField, quoted } from '../../core/status.js';
import { toText } from '../../core/text.js';
import { MessageShape } from '../../filter/index.js';
import type { OperationRecord } from '../../stores/contract/operation-store.js';
import type { Caller } from '../access/call-facts.js';
import { scopedRequestId } from '../access/request-scope.js';
import { checkCodecs } from './check-codecs.js';
import type { ImplementedMethod, RunContext, StartContext } from './implement.js';
import { KnownFields } from './known-metadata.js';
import { queued } from './lifecycle.js';
import { mergeUpdate } from './merge-update.js';

const DEFAULT_MAX_RESUMES = 4;
/** Equals the maximum length of a name. */
const LONGEST_REQUEST_ID = 1024;

/** Fields of a new operation that the server sets. */
export interface NewIdentity extends Pick<OperationRecord, 'trace'> {
  readonly id: string;
  readonly createTime: number;
}

/** Fields that identify a start request. */
export type RequestFacts = Pick<OperationRecord, 'method' | 'parent' | 'request' | 'requestId'>;

/** The part of a run's context that does not depend on the types of the method. */
export interface RunHandle extends Pick<RunContext<unknown>, 'signal' | 'update'> {
  stopReason(): RunContext<unknown>['stopReason'];
}

/**
 * An implemented method as the server uses it. Its interface has records and Any; the typed messages of the method stay
 * inside.
 */
export class ServedMethod {
  readonly path: string;
  /** Handling of work that a server left unfinished. */
  readonly onInterrupted: 'abort' | 'resume';
  /** True if the implementation does not set `onInterrupted`. */
  readonly hasDefaultOnInterrupted: boolean;
  /** Maximum number of its operations that run concurrently; Infinity for no limit of its own. */
  readonly maxRunning: number;
  /** Time limit of an attempt; undefined for none. */
  readonly maxRunMs: number | undefined;
  readonly #maxResumes: number;
  readonly #implemented: ImplementedMethod;
  readonly #knownFields: KnownFields<unknown>;
  readonly #shape: MessageShape;

  constructor(implemented: ImplementedMethod) {
    this.#implemented = implemented;
    const { method, implementation } = implemented;
    this.path = method.path;
    this.onInterrupted = implementation.onInterrupted ?? 'abort';
    this.hasDefaultOnInterrupted = implementation.onInterrupted === undefined;
    const { maxRunning = Number.POSITIVE_INFINITY, maxRunMs } = implementation;
    if (!isCount(maxRunning) || maxRunning === 0) {
      const advice = 'give a whole number, 1 or more, or Infinity';
      throw new TypeError(`maxRunning of ${method.path} is ${toText(maxRunning)}: ${advice}`);
    }
    if (maxRunMs !== undefined && !(typeof maxRunMs === 'number' && maxRunMs > 0)) {
      const advice = 'give milliseconds, more than 0, or leave it out';
      throw new TypeError(`maxRunMs of ${method.path} is ${toText(maxRunMs)}: ${advice}`);
    }
    this.maxRunning = maxRunning;
    this.maxRunMs = maxRunMs;
    this.#maxResumes = implementation.maxResumes ?? DEFAULT_MAX_RESUMES;
    if (!isCount(this.#maxResumes)) {
      throw new TypeError(
        `maxResumes of ${method.path} is ${toText(this.#maxResumes)}: give a whole number, 0 or more, or Infinity`,
      );
    }
    checkCodecs(method);
    this.#shape = new MessageShape(method.metadata);
    this.#knownFields = new KnownFields(method.metadata, new Set(implementation.ownMetadataFields));
  }

  /** Completes a start request with default values, as the implementation expects it. */
  request(given: DeepPartial<unknown>): unknown {
    return this.#implemented.method.request.fromPartial(given);
  }

  /** Returns the response of a request that needs no work, or undefined if it needs work. Throws to reject the request. */
  async onStart(request: unknown, context: StartContext): Promise<Any | undefined> {
    const { implementation } = this.#implemented;
    if (!implementation.onStart) return undefined;
    const response = await implementation.onStart(request, context);
    return response === undefined ? undefined : this.#packResponse(response);
  }

  /** Returns true if interrupted work is to be started again. */
  resumes({ attempt }: OperationRecord): boolean {
    return this.onInterrupted === 'resume' && attempt <= this.#maxResumes;
  }

  /** Identifies a start request. Throws if its parent or request id is invalid. */
  identify(request: unknown, caller: Caller = {}): RequestFacts {
    const { method } = this.#implemented;
    const parent = parseParent(this.#parent(request) ?? '', 'parent');
    if (hasWildcard(parent)) {
      const advice = '"-" stands for any segment in lists only; give a full name to start an operation';
      throw invalidField('parent', `parent ${quoted(parent)} has a wildcard: ${advice}`);
    }
    const requestId = this.#requestId(request);
    const facts = { method: method.path, parent, request: encodeMessage(method.request, request) };
    return requestId ? { ...facts, requestId: scopedRequestId(requestId, caller) } : facts;
  }

  /** Returns the parent of an unchecked request; empty if it cannot be determined. */
  parentOf(request: unknown): string {
    try {
      const parent: unknown = this.#parent(request);
      return typeof parent === 'string' ? parent : '';
    } catch {
      // The fault is reported only to callers who pass authorization.
      return '';
    }
  }

  /** Builds the record of a new operation. */
  newRecord(request: unknown, facts: RequestFacts, identity: NewIdentity): OperationRecord {
    const { method, implementation } = this.#implemented;
    const given = notPromised(implementation.metadata?.(request), `metadata of ${this.path}`);
    const source = `metadata of ${this.path}`;
    const metadata = messageFrom(method.metadata, withoutPromises(given ?? {}, source), source);
    const record = queued({
      ...facts,
      ...identity,
      cancellable: implementation.cancellable ?? true,
      metadata: pack(method.metadata, this.#knownFields.fill(metadata, identity)),
    });
    checkOperationName(record.name, 'parent');
    return record;
  }

  /** Sets the well-known metadata fields that the type has: start and end time, cancellation. */
  fill(record: OperationRecord): OperationRecord {
    if (this.#knownFields.areNone) return record;
    try {
      const metadata = this.#metadataOf(record);
      const filled = this.#knownFields.fill(metadata, record);
      if (filled === metadata) return record;
      return { ...record, metadata: pack(this.#implemented.method.metadata, filled) };
    } catch {
      // Another version of the server may have written the metadata. The operation must still be able to end.
      return record;
    }
  }

  /** Returns the metadata of the record with an update merged in. */
  merge(record: OperationRecord, update: DeepPartial<unknown>): Any {
    const type = this.#implemented.method.metadata;
    notPromised(update, `metadata given to update of ${this.path}`);
    // A long string would have one key per character.
    if (typeof update !== 'object' || update === null)
      throw new TypeError(
        `update of ${this.path} was given ${update === null ? 'null' : `a value of type ${typeof update}`}: give an object`,
      );
    const source = `metadata given to update of ${this.path}`;
    withoutPromises(update, source);
    const metadata = this.#metadataOf(record) as object;
    mergeUpdate(metadata, update, messageFrom(type, update, source) as object, this.#shape);
    return pack(type, metadata);
  }

  /** Runs the implementation. Resolves to the packed response. */
  run(record: OperationRecord, handle: RunHandle): Promise<Any> {
    const { method, implementation } = this.#implemented;
    const context: RunContext<unknown> = {
      name: record.name,
      attempt: record.attempt,
      metadata: this.#metadataOf(record),
      signal: handle.signal,
      get stopReason() {
        return handle.stopReason();
      },
      update: handle.update,
    };
    const response = implementation.run(method.request.decode(record.request), context);
    // Not awaited: thousands of runs would each keep a suspended function in memory.
    return Promise.resolve(response).then((given) => this.#packResponse(given));
  }

  /** Calls the user's `parent` function; undefined if there is none or it returns nothing. */
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
    if (implementation.requestId === false) return undefined;
    const { requestId: field } = request as { readonly requestId?: unknown };
    const requestId = implementation.requestId
      ? notPromised(implementation.requestId(request), `requestId of ${this.path}`)
      : field;
    if (typeof requestId !== 'string') return undefined;
    if (!requestId.isWellFormed() || /\p{Cc}/u.test(requestId)) {
      const advice = 'use printable characters, preferably a UUID';
      throw invalidField('request_id', `request id ${quoted(requestId)} has a control character: ${advice}`);
    }
    if (requestId.length > LONGEST_REQUEST_ID) {
      const advice = `use at most ${LONGEST_REQUEST_ID} characters, preferably a UUID`;
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
    const source = `response of ${this.path}`;
    return pack(type, messageFrom(type, withoutPromises(response, source), source));
  }
}

/** Returns true for 0, 1, 2 and so on, and for Infinity. */
function isCount(value: number): boolean {
  return value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && value >= 0);
}
