import type {
  ListOperationsRequest,
  ListOperationsResponse,
  Operation,
  WaitOperationRequest,
} from '../../../generated/google/longrunning/operations.js';
import type { Duration } from '../../../generated/google/protobuf/duration.js';
import type { Clock } from '../../core/clock.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import { checkOperationName, parseParent } from '../../core/name.js';
import type { CallOptions, NamedRequest, OperationsApi } from '../../core/operations-api.js';
import { abortable, onAbort, within } from '../../core/signals.js';
import { Code, invalidField, kitError, quoted, type StatusError } from '../../core/status.js';
import type {
  ListPage,
  ListQuery,
  OperationRecord,
  OperationStore,
} from '../../stores/contract/operation-store.js';
import { listedSize } from '../../stores/contract/page-builder.js';
import { type Admission, EVERYBODY } from '../access/gate.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { isGone, type LifecycleEvent, toOperation } from '../work/lifecycle.js';
import type { Transitions } from '../work/transitions.js';
import type { ListFilters } from './list-filter.js';
import type { PageTokens } from './page-token.js';
import { OpenWaits, Wait, type WaitParts, type WhenGone } from './wait.js';
import type { Waiters } from './waiters.js';

/** Limits of the five methods. */
export interface ServiceLimits {
  /** Page size of requests without one. @defaultValue 50 */
  readonly defaultPageSize: number;
  /** Largest page size; larger ones in requests are reduced to it. @defaultValue 1000 */
  readonly maxPageSize: number;
  /**
   * Upper bound on the encoded size of a page, in bytes. A page ends before the operation that would exceed it, but has at
   * least one. gRPC clients accept messages of 4 MiB by default. @defaultValue 3 MiB
   */
  readonly maxPageBytes: number;
  /** Maximum duration of a WaitOperation, in milliseconds. @defaultValue 60,000 */
  readonly maxWaitMs: number;
}

/** Dependencies of the service. */
export interface ServiceOptions {
  readonly store: OperationStore;
  readonly transitions: Transitions;
  readonly waiters: Waiters;
  readonly listFilters: ListFilters;
  readonly pageTokens: () => Promise<PageTokens>;
  readonly clock: Clock;
  readonly telemetry: Telemetry | undefined;
  readonly limits: ServiceLimits;
  /** Aborts when the server stops. Every wait then answers with the latest state. */
  readonly stopping: AbortSignal;
}

type NameRequest = { readonly name: string };

/** Deadline and departure of a waiting caller. */
export interface Waiting {
  readonly timeoutMs: number | undefined;
  readonly whenGone: WhenGone;
}

/** In-process `google.longrunning.Operations` over any store. */
export class InProcessOperations implements OperationsApi {
  readonly #options: ServiceOptions;
  readonly #waitParts: WaitParts;

  constructor(options: ServiceOptions) {
    this.#options = options;
    const { waiters, telemetry, clock, stopping } = options;
    const openWaits = new OpenWaits(clock);
    onAbort(stopping, () => openWaits.close());
    this.#waitParts = {
      waiters,
      telemetry,
      openWaits,
      read: (name) => this.#read(name),
      found: (name, record) => this.#found(name, record),
    };
  }

  async getOperation({ name }: NameRequest, options?: CallOptions): Promise<Operation> {
    checkOperationName(name);
    return toOperation(await this.#read(name, options));
  }

  async listOperations(
    request: NamedRequest<ListOperationsRequest>,
    options?: CallOptions,
    { caller, shows }: Admission = EVERYBODY,
  ): Promise<ListOperationsResponse> {
    const { store, listFilters, clock, limits } = this.#options;
    if (request.returnPartialSuccess) throw partialSuccessUnimplemented();
    const parent = parseParent(request.name);
    const filter = request.filter ?? '';
    const scope = { parent, filter: filter.trim(), principal: caller.principal };
    const query = {
      parent,
      ...visible(listFilters.read(filter), shows),
      now: clock.now(),
      limit: this.#pageSize(request.pageSize ?? 0),
      maxBytes: limits.maxPageBytes,
    };
    const page = async (): Promise<ListOperationsResponse> => {
      const pageTokens = await this.#options.pageTokens();
      const after = pageTokens.read(request.pageToken ?? '', scope);
      const { records, next } = await boundedPage(store, after === undefined ? query : { ...query, after });
      return {
        operations: records.map(toOperation),
        nextPageToken: pageTokens.write(next, scope),
        unreachable: [],
      };
    };
    return await this.#within(page(), options);
  }

  async cancelOperation({ name }: NameRequest, options?: CallOptions): Promise<void> {
    checkOperationName(name);
    await this.#change(name, cancelRequested, options);
  }

  async deleteOperation({ name }: NameRequest, options?: CallOptions): Promise<void> {
    checkOperationName(name);
    // The record is kept while work is running, because the work needs it (contract 20).
    const { result } = await this.#change(name, (_, at) => ({ type: 'deleted', at }), options);
    if (result && !(await this.#within(this.#options.store.delete(name), options))) throw notFound(name);
  }

  /**
   * Resolves when the operation is done, or with its latest state when the time is up. That is the shortest of
   * `request.timeout`, `options.timeoutMs` less a margin, and the maximum of the server.
   */
  waitOperation(request: NamedRequest<WaitOperationRequest>, options: CallOptions = {}): Promise<Operation> {
    const { signal, timeoutMs } = options;
    return new Promise((resolve) => {
      signal?.throwIfAborted();
      resolve(this.wait(request, { timeoutMs, whenGone: (gone) => onAbort(signal, gone) }));
    });
  }

  /**
   * {@link waitOperation} with a callback for the caller's departure, which saves an AbortSignal per wait. Synchronous if
   * there is nothing to wait for and the store keeps its records in memory.
   */
  wait(
    request: NamedRequest<WaitOperationRequest>,
    { timeoutMs, whenGone }: Waiting,
  ): MaybePromise<Operation> {
    const { name } = request;
    checkOperationName(name);
    const limitMs = this.#waitLimitMs(request.timeout, timeoutMs);
    const { store } = this.#options;
    if (store.getNow) {
      const record = this.#found(name, store.getNow(name));
      if (record.result || limitMs === 0) return toOperation(record);
    }
    return new Promise((resolve, reject) => {
      new Wait(this.#waitParts, { name, limitMs, whenGone, resolve, reject });
    });
  }

  async #read(name: string, options?: CallOptions): Promise<OperationRecord> {
    return this.#found(name, await this.#within(this.#options.store.get(name), options));
  }

  #found(name: string, record: OperationRecord | undefined): OperationRecord {
    if (!record || isGone(record, this.#options.clock.now())) throw notFound(name);
    return record;
  }

  /** Commits an event to an existing operation. Returns the record afterwards. */
  async #change(
    name: string,
    eventFor: (record: OperationRecord, at: number) => LifecycleEvent,
    options?: CallOptions,
  ): Promise<OperationRecord> {
    const { transitions, clock } = this.#options;
    const committing = transitions.commit(name, (record) => {
      const now = clock.now();
      if (isGone(record, now)) throw notFound(name);
      return eventFor(record, now);
    });
    const committed = await this.#within(committing, options);
    if (!committed) throw notFound(name);
    return committed.record;
  }

  /** Bounds the time that the store may take by the deadline and the signal of the caller. */
  #within<T>(promise: Promise<T>, options: CallOptions = {}): Promise<T> {
    if (options.timeoutMs === undefined) return abortable(promise, options.signal);
    return within(options, deadlineExceeded, this.#options.clock, (signal) => abortable(promise, signal));
  }

  #pageSize(requested: number): number {
    const { defaultPageSize, maxPageSize } = this.#options.limits;
    if (requested < 0) {
      throw invalidField(
        'page_size',
        `page size ${requested} is negative: leave it out for ${defaultPageSize}`,
      );
    }
    return Math.min(requested === 0 ? defaultPageSize : requested, maxPageSize);
  }

  #waitLimitMs(timeout: Duration | undefined, deadlineMs = Number.POSITIVE_INFINITY): number {
    const requestedMs = timeout ? timeout.seconds * 1000 + timeout.nanos / 1e6 : Number.POSITIVE_INFINITY;
    if (requestedMs < 0) {
      throw invalidField(
        'timeout',
        `timeout of ${requestedMs} ms is negative: leave it out to wait as long as the server allows`,
      );
    }
    // The margin lets the answer arrive before the caller's deadline (contract 22).
    const answerByMs = deadlineMs - Math.min(100, deadlineMs / 5);
    return Math.max(0, Math.min(requestedMs, answerByMs, this.#options.limits.maxWaitMs));
  }
}

/** Restricts a list query to the operations that its caller may see. The store applies it to each record, so pages stay full. */
function visible(
  query: Pick<ListQuery, 'where' | 'matches'>,
  shows: Admission['shows'],
): Pick<ListQuery, 'where' | 'matches'> {
  if (!shows) return query;
  const { matches = () => true } = query;
  return { ...query, matches: (record) => shows(record.name) && matches(record) };
}

function cancelRequested(record: OperationRecord, at: number): LifecycleEvent {
  if (!record.result && !record.cancellable) throw notCancellable(record);
  return { type: 'cancelRequested', at };
}

function notFound(name: string): StatusError {
  const message = `operation ${quoted(name)} does not exist: check the name, or it was deleted or has expired`;
  return kitError(Code.NOT_FOUND, 'OPERATION_NOT_FOUND', message, { metadata: { name } });
}

function deadlineExceeded(timeoutMs: number): StatusError {
  const message = `no answer within ${timeoutMs} ms: try again, or allow more time`;
  return kitError(Code.DEADLINE_EXCEEDED, 'DEADLINE_EXCEEDED', message);
}

function notCancellable({ name, method }: OperationRecord): StatusError {
  const message = `operation ${quoted(name)} cannot be cancelled: ${method.slice(1)} does not support it; wait until it ends`;
  return kitError(Code.UNIMPLEMENTED, 'CANCEL_UNSUPPORTED', message, { metadata: { name, method } });
}

function partialSuccessUnimplemented(): StatusError {
  const message = 'return_partial_success is not supported: leave it unset, results are always complete';
  return kitError(Code.UNIMPLEMENTED, 'PARTIAL_SUCCESS_UNSUPPORTED', message);
}

/**
 * Lists a page within `maxBytes` from any store. If a store ignores `maxBytes`, it is queried again for the number of records
 * that fit, so that the cursor of the page is right.
 */
async function boundedPage(
  store: OperationStore,
  query: ListQuery & Required<Pick<ListQuery, 'maxBytes'>>,
): Promise<ListPage> {
  for (let { limit } = query; ; ) {
    const page = await store.list({ ...query, limit });
    const fitting = countWithin(page, query.maxBytes);
    if (fitting === page.records.length) return page;
    limit = fitting;
  }
}

/** Counts the leading records that fit; the first always does. */
function countWithin({ records }: ListPage, maxBytes: number): number {
  let bytes = 0;
  const beyond = records.findIndex((record, index) => {
    bytes += listedSize(record);
    return index > 0 && bytes > maxBytes;
  });
  return beyond < 0 ? records.length : beyond;
}
