import type {
  ListOperationsRequest,
  ListOperationsResponse,
  Operation,
  WaitOperationRequest,
} from '../../../generated/google/longrunning/operations.js';
import type { Duration } from '../../../generated/google/protobuf/duration.js';
import type { Clock } from '../../core/clock.js';
import { andThen, type MaybePromise } from '../../core/maybe-promise.js';
import { checkOperationName, parseParent } from '../../core/name.js';
import type { CallOptions, NamedRequest, OperationsApi } from '../../core/operations-api.js';
import { abortable, onAbort, within } from '../../core/signals.js';
import { Code, invalidField, kitError, quoted, type StatusError } from '../../core/status.js';
import type { ListQuery, OperationRecord, OperationStore } from '../../stores/contract/operation-store.js';
import { type Admission, EVERYBODY } from '../access/gate.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { isGone, type LifecycleEvent, toOperation } from '../work/lifecycle.js';
import type { Transitions } from '../work/transitions.js';
import { boundedPage } from './bounded-page.js';
import type { ListFilters } from './list-filter.js';
import type { PageTokens } from './page-token.js';
import { OpenWaits, Wait, type WaitParts, type WhenGone } from './wait.js';
import type { Waiters } from './waiters.js';

/** The limits of the five methods, all with defaults. */
export interface ServiceLimits {
  /** Page size when a request names none. @defaultValue 50 */
  readonly defaultPageSize: number;
  /** The largest page; a request for more gets this. @defaultValue 1000 */
  readonly maxPageSize: number;
  /**
   * Upper bound on the encoded size of a page, in bytes. A page ends before the operation that would exceed it, but has
   * one at least. gRPC clients accept messages of 4 MiB by default. @defaultValue 3 MiB
   */
  readonly maxPageBytes: number;
  /** The longest that WaitOperation takes to answer, in milliseconds. @defaultValue 60,000 */
  readonly maxWaitMs: number;
}

/** What the service works with. */
export interface ServiceOptions {
  readonly store: OperationStore;
  readonly transitions: Transitions;
  readonly waiters: Waiters;
  readonly listFilters: ListFilters;
  readonly pageTokens: () => Promise<PageTokens>;
  readonly clock: Clock;
  readonly telemetry: Telemetry | undefined;
  readonly limits: ServiceLimits;
  /** Aborts when the server stops: every wait then answers with the latest state. */
  readonly stopping: AbortSignal;
}

type NameRequest = { readonly name: string };

/** How a caller waits. */
export interface Waiting {
  readonly timeoutMs: number | undefined;
  readonly whenGone: WhenGone;
}

/** `google.longrunning.Operations` in process, over any store. */
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
      read: async (name) => this.#read(name),
      found: (name, record) => this.#found(name, record),
    };
  }

  async getOperation(request: NameRequest, options?: CallOptions): Promise<Operation> {
    return this.get(request, options);
  }

  /** {@link getOperation}, at once where the store has its records at hand. */
  get({ name }: NameRequest, options?: CallOptions): MaybePromise<Operation> {
    checkOperationName(name);
    return andThen(this.#read(name, options), toOperation);
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
      ...shown(listFilters.read(filter), shows),
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

  async cancelOperation(request: NameRequest, options?: CallOptions): Promise<void> {
    await this.cancel(request, options);
  }

  /** {@link cancelOperation}, at once where the store has its records at hand; the record afterwards. */
  cancel({ name }: NameRequest, options?: CallOptions): MaybePromise<OperationRecord> {
    checkOperationName(name);
    return this.#change(name, cancelRequested, options);
  }

  async deleteOperation({ name }: NameRequest, options?: CallOptions): Promise<void> {
    checkOperationName(name);
    // While there is work to do the record is kept, for the work needs it (contract 20).
    const { result } = await this.#change(name, (_, at) => ({ type: 'deleted', at }), options);
    if (result && !(await this.#within(this.#options.store.delete(name), options))) throw notFound(name);
  }

  /**
   * Answers when the operation is done, or with its latest state when the shortest of `request.timeout`,
   * `options.timeoutMs` less a margin, and the server's maximum has passed.
   */
  waitOperation(request: NamedRequest<WaitOperationRequest>, options: CallOptions = {}): Promise<Operation> {
    const { signal, timeoutMs } = options;
    return new Promise((resolve) => {
      signal?.throwIfAborted();
      resolve(this.wait(request, { timeoutMs, whenGone: (gone) => onAbort(signal, gone) }));
    });
  }

  /**
   * {@link waitOperation} for a caller whose going away is told otherwise than by a signal, which is an object more. At
   * once where there is nothing to wait for, and the store has its records at hand.
   */
  wait(
    request: NamedRequest<WaitOperationRequest>,
    { timeoutMs, whenGone }: Waiting,
  ): MaybePromise<Operation> {
    const { name } = request;
    checkOperationName(name);
    const limitMs = this.#waitLimitMs(request.timeout, timeoutMs);
    const { sync } = this.#options.store;
    if (sync) {
      const record = this.#found(name, sync.get(name));
      if (record.result || limitMs === 0) return toOperation(record);
    }
    return new Promise((resolve, reject) => {
      new Wait(this.#waitParts, { name, limitMs, whenGone, resolve, reject });
    });
  }

  #read(name: string, options?: CallOptions): MaybePromise<OperationRecord> {
    const { store } = this.#options;
    // Who says how long to wait, or might give up, is served by a promise.
    const reading =
      options === undefined ? (store.sync ?? store).get(name) : this.#within(store.get(name), options);
    return andThen(reading, (record) => this.#found(name, record));
  }

  #found(name: string, record: OperationRecord | undefined): OperationRecord {
    if (!record || isGone(record, this.#options.clock.now())) throw notFound(name);
    return record;
  }

  /** Makes something happen to an operation that can be found; the record afterwards. */
  #change(
    name: string,
    eventFor: (record: OperationRecord, at: number) => LifecycleEvent,
    options?: CallOptions,
  ): MaybePromise<OperationRecord> {
    const { transitions, clock } = this.#options;
    const changing = transitions.commit(name, (record) => {
      const now = clock.now();
      if (isGone(record, now)) throw notFound(name);
      return eventFor(record, now);
    });
    const committing = options === undefined ? changing : this.#within(Promise.resolve(changing), options);
    return andThen(committing, (committed) => {
      if (!committed) throw notFound(name);
      return committed.record;
    });
  }

  /** Waits for the store as long as the caller does. */
  #within<T>(promise: Promise<T>, options: CallOptions = {}): Promise<T> {
    if (options.timeoutMs === undefined) return abortable(promise, options.signal);
    return within(options, deadlineExceeded, this.#options.clock, (signal) => abortable(promise, signal));
  }

  #pageSize(asked: number): number {
    const { defaultPageSize, maxPageSize } = this.#options.limits;
    if (asked < 0) {
      throw invalidField('page_size', `page size ${asked} is negative: leave it out for ${defaultPageSize}`);
    }
    return Math.min(asked === 0 ? defaultPageSize : asked, maxPageSize);
  }

  #waitLimitMs(timeout: Duration | undefined, deadlineMs = Number.POSITIVE_INFINITY): number {
    const askedMs = timeout ? timeout.seconds * 1000 + timeout.nanos / 1e6 : Number.POSITIVE_INFINITY;
    if (askedMs < 0) {
      throw invalidField('timeout', `timeout of ${askedMs} ms is negative: leave it out to wait for long`);
    }
    // The margin is for the answer to arrive before the caller's deadline does (contract 22).
    const answerByMs = deadlineMs - Math.min(100, deadlineMs / 5);
    return Math.max(0, Math.min(askedMs, answerByMs, this.#options.limits.maxWaitMs));
  }
}

/** A list query that leaves out what its caller may not see. A store asks it of each record, so pages stay right. */
function shown(
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
  const message = `no answer within ${timeoutMs} ms: ask again, or allow for more time`;
  return kitError(Code.DEADLINE_EXCEEDED, 'DEADLINE_EXCEEDED', message);
}

function notCancellable({ name, method }: OperationRecord): StatusError {
  const message = `operation ${quoted(name)} cannot be cancelled: ${method.slice(1)} does not support it; wait for its end`;
  return kitError(Code.UNIMPLEMENTED, 'CANCEL_UNSUPPORTED', message, { metadata: { name, method } });
}

function partialSuccessUnimplemented(): StatusError {
  const message = 'return_partial_success is not supported: leave it unset, every place is always reached';
  return kitError(Code.UNIMPLEMENTED, 'PARTIAL_SUCCESS_UNSUPPORTED', message);
}
