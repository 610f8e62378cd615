import type { Any } from '../../generated/google/protobuf/any.js';
import { pack, unpack } from '../any.js';
import { formatOperationName, hasWildcard, parseOperationName, parseParent } from '../name.js';
import type { DeepPartial } from '../operation-method.js';
import { invalidField, quoted } from '../status.js';
import type { OperationRecord } from '../stores/operation-store.js';
import type { ImplementedMethod, RunContext, StartContext } from './implement.js';
import { KnownFields } from './known-metadata.js';
import { queued } from './lifecycle.js';

/** What a new operation gets from the server. */
export interface NewIdentity {
  readonly id: string;
  readonly createTime: number;
}

/** A run's context, but for what depends on the method's types. */
export type RunHandle = Pick<RunContext<unknown>, 'signal' | 'update'>;

/**
 * An implemented method as the server uses it: records and Any on the outside, the method's own messages on
 * the inside, and nowhere else.
 */
export class ServedMethod {
  readonly #implemented: ImplementedMethod;
  readonly #knownFields: KnownFields<unknown>;

  constructor(implemented: ImplementedMethod) {
    this.#implemented = implemented;
    const { method, implementation } = implemented;
    this.#knownFields = new KnownFields(method.metadata, new Set(implementation.ownMetadataFields));
  }

  /** A starting request with every field there, as the implementation expects it. */
  request(given: DeepPartial<unknown>): unknown {
    return this.#implemented.method.request.fromPartial(given);
  }

  /** The response of a request that needs no work; undefined for one that does. Throws to refuse it. */
  async accept(request: unknown, context: StartContext): Promise<Any | undefined> {
    const response = await this.#implemented.implementation.accept?.(request, context);
    return response === undefined ? undefined : this.#packResponse(response);
  }

  /** A record to keep for a request that was accepted. */
  newRecord(request: unknown, { id, createTime }: NewIdentity): OperationRecord {
    const { method, implementation } = this.#implemented;
    const parent = parseParent(implementation.parent?.(request) ?? '', 'parent');
    if (hasWildcard(parent)) {
      const advice = '"-" stands for any segment when listing; name one place to start an operation in';
      throw invalidField('parent', `parent ${quoted(parent)} has a wildcard: ${advice}`);
    }
    parseOperationName(formatOperationName({ parent, id }), 'parent');
    const metadata = method.metadata.fromPartial(implementation.metadata?.(request) ?? {});
    return this.fill(
      queued({
        id,
        parent,
        createTime,
        method: method.path,
        request: method.request.encode(request).finish(),
        cancellable: implementation.cancellable ?? true,
        metadata: pack(method.metadata, metadata),
      }),
    );
  }

  /** The record with what its metadata's type can say of it: when it began and ended, that it was cancelled. */
  fill(record: OperationRecord): OperationRecord {
    const metadata = this.#metadataOf(record);
    const filled = this.#knownFields.fill(metadata, record);
    if (filled === metadata) return record;
    return { ...record, metadata: pack(this.#implemented.method.metadata, filled) };
  }

  /** The record's metadata with the fields given in `update` set. */
  merge(record: OperationRecord, update: DeepPartial<unknown>): Any {
    const type = this.#implemented.method.metadata;
    const values = type.fromPartial(update) as Record<string, unknown>;
    const given = Object.fromEntries(Object.keys(update).map((field) => [field, values[field]]));
    return pack(type, { ...(this.#metadataOf(record) as object), ...given });
  }

  /** Does the work; the response, packed. */
  async run(record: OperationRecord, handle: RunHandle): Promise<Any> {
    const { method, implementation } = this.#implemented;
    const context = {
      ...handle,
      name: record.name,
      attempt: record.attempt,
      metadata: this.#metadataOf(record),
    };
    return this.#packResponse(await implementation.run(method.request.decode(record.request), context));
  }

  #metadataOf(record: OperationRecord): unknown {
    const type = this.#implemented.method.metadata;
    return record.metadata ? unpack(type, record.metadata) : type.fromPartial({});
  }

  #packResponse(response: DeepPartial<unknown>): Any {
    const type = this.#implemented.method.response;
    return pack(type, type.fromPartial(response));
  }
}
