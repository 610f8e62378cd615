import type { handleUnaryCall } from '@grpc/grpc-js';
import type { Operation, OperationsServer } from '../../generated/google/longrunning/operations.js';
import type { CallHead, CallRefusal } from '../core/authenticate.js';
import { type Clock, systemClock } from '../core/clock.js';
import { type Logger, serverLogger } from '../core/logger.js';
import type { DeepPartial } from '../core/operation-method.js';
import type { OperationsApi } from '../core/operations-api.js';
import { withDefaults } from '../core/options.js';
import { sleep } from '../core/signals.js';
import { Code, invalidField, kitError, quoted } from '../core/status.js';
import { traceContextOf } from '../core/trace-context.js';
import { rejectingStore } from '../stores/contract/around-store.js';
import type { OperationRecord, OperationStore } from '../stores/contract/operation-store.js';
import { memoryStore } from '../stores/memory/memory-store.js';
import type { Caller } from './access/call-facts.js';
import { GrpcCallFacts, textHeaders } from './access/call-facts.js';
import { authenticate, type Entry, Gate } from './access/gate.js';
import { type Origin, onBehalfOf } from './access/on-behalf.js';
import { givenRequestId } from './access/request-scope.js';
import {
  admitting,
  grpcHandlers,
  guarded,
  namedResource,
  OperationsService,
  refusal,
  unary,
} from './grpc/grpc-handlers.js';
import { type OperationsHealth, StoreHealth } from './health/operations-health.js';
import { CallerLimits } from './limits/caller-limits.js';
import { UnfinishedLimit } from './limits/unfinished-limit.js';
import {
  type CloseOptions,
  checkLimits,
  DEFAULT_GRACE_MS,
  DEFAULT_OPTIONS,
  type OperationsOptions,
} from './operations-options.js';
import { ListFilters } from './service/list-filter.js';
import { InProcessOperations } from './service/operations-service.js';
import { pageTokensOf } from './service/page-token.js';
import { Waiters } from './service/waiters.js';
import { type CallObservers, observedHandler, observeRefusal } from './telemetry/observed-handler.js';
import { observedStore } from './telemetry/observed-store.js';
import { SafeTelemetry } from './telemetry/safe-telemetry.js';
import type { Telemetry } from './telemetry/telemetry.js';
import type { ImplementedMethod, StartContext } from './work/implement.js';
import { isGone, toOperation } from './work/lifecycle.js';
import { checkedId, randomId } from './work/operation-id.js';
import { sweepExpired } from './work/retention.js';
import { Runner } from './work/runner.js';
import { type RequestFacts, ServedMethod } from './work/served-method.js';
import { SizeLimits } from './work/size-limits.js';
import { Transitions } from './work/transitions.js';

/** A server of long-running operations, to embed in a grpc-js server. */
export interface Operations extends AsyncDisposable {
  /** `google.longrunning.Operations` in process. */
  readonly service: OperationsApi;
  /** `google.longrunning.Operations` over gRPC: `server.addService(OperationsService, operations.handlers)`. */
  readonly handlers: OperationsServer;
  /** Whether it should be asked; `addHealth` serves it. */
  readonly health: OperationsHealth;
  /**
   * Starts an operation. It goes on whatever becomes of the caller. A request whose id was used before gives
   * the operation that it started then (AIP-155).
   *
   * @throws what `accept`, `parent` or `metadata` of the implementation threw; StatusError INVALID_ARGUMENT when `parent` is no resource
   * name; UNAVAILABLE when the server stops.
   */
  start<Request, Response, Metadata>(
    implemented: ImplementedMethod<Request, Response, Metadata>,
    request: DeepPartial<Request>,
    context?: Partial<StartContext>,
  ): Promise<Operation>;
  /**
   * Serves one more method from now on, or one anew: operations that run go on as they are. Before it is called,
   * operations of the method are left to other servers.
   *
   * @throws TypeError when its implementation cannot be.
   */
  add<Request, Response, Metadata>(implemented: ImplementedMethod<Request, Response, Metadata>): void;
  /** The gRPC handler of a long-running method: it starts an operation and answers with it. */
  starter<Request, Response, Metadata>(
    implemented: ImplementedMethod<Request, Response, Metadata>,
  ): handleUnaryCall<Request, Operation>;
  /**
   * A gRPC handler of another unary method, for which `authorize` is asked first, as it is for the methods of operations;
   * limits of callers hold, and telemetry is told of it.
   *
   * @param path - of the method: `/acme.v1.Jobs/GetJob`.
   * @param nameOf - the resource that a request is about. @defaultValue its `name`, else its `parent`
   */
  guarded<Request, Response>(
    path: string,
    handler: handleUnaryCall<Request, Response>,
    nameOf?: (request: Request) => string,
  ): handleUnaryCall<Request, Response>;
  /**
   * The five methods in process for a caller that another transport has: `authorize` is asked about each call. {@link service}
   * is the program's own, and may do everything.
   */
  serviceFor(origin: Origin): OperationsApi;
  /**
   * Refuses a call by its headers, before its message or body is read: as far as the steps of `authorize` can tell by them, and
   * for methods that `handlers`, `starter` and `guarded` serve. For `grpcLimits` and `createGateway`; it needs no `this`.
   */
  readonly authenticate: (call: CallHead) => Promise<CallRefusal | undefined>;
  /**
   * Resolves when the store can be used; rejects with what is wrong. There is no need to wait for it: whatever
   * is asked before waits by itself.
   */
  ready(): Promise<void>;
  /**
   * Ends the server: health tells NOT_SERVING, and after `delayMs` waits are answered with the latest state, starts with UNAVAILABLE; running work has
   * `graceMs` to end, then it is told so by its signal and ends with ABORTED, or is left to another server where
   * its method resumes; queued work is left as it is.
   * Close the gRPC server after.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** So many are looked at, at most, each time that metrics are read. */
const MOST_COUNTED = 100_000;

/**
 * Makes a server of long-running operations.
 *
 * @throws TypeError when two methods have the same path, or a limit is not positive.
 *
 * @example
 * ```ts
 * const operations = createOperations({ methods: [exportReport] });
 * server.addService(OperationsService, operations.handlers);
 * server.addService(strictService(ReportsService), { exportReport: operations.starter(exportReport) });
 * ```
 */
export function createOperations(options: OperationsOptions): Operations {
  return new EmbeddedOperations(options);
}

class EmbeddedOperations implements Operations {
  readonly handlers: OperationsServer;
  readonly health: OperationsHealth;
  readonly #service: InProcessOperations;
  readonly #methods: Map<string, ServedMethod>;
  readonly #listFilters: ListFilters;
  readonly #newId: () => string;
  readonly #store: OperationStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #transitions: Transitions;
  readonly #waiters: Waiters;
  readonly #health: StoreHealth;
  readonly #runner: Runner;
  readonly #telemetry: Telemetry | undefined;
  readonly #entry: Entry;
  /** Paths of the methods that `authorize` is asked about. */
  readonly #guardedPaths = new Set<string>(Object.values(OperationsService).map(({ path }) => path));
  readonly #unfinished: UnfinishedLimit | undefined;
  readonly #sizes: SizeLimits;
  readonly #stopping = new AbortController();
  readonly #stopSweeping: () => void;
  readonly #stopCounting: () => void;

  constructor(options: OperationsOptions) {
    const environment = { store: memoryStore(), clock: systemClock };
    const settings = withDefaults({ ...DEFAULT_OPTIONS, ...environment }, options);
    checkLimits(settings);
    const { clock, concurrency, maxUnfinished } = settings;
    // Code of users is wrapped here, once, so that nothing it throws goes further.
    const logger = serverLogger(options.logger);
    const telemetry = options.telemetry && new SafeTelemetry(options.telemetry, logger);
    const supplied = rejectingStore(settings.store);
    this.#telemetry = telemetry;
    const store = telemetry ? observedStore(supplied, telemetry) : supplied;
    // Before anything begins that would have to be ended.
    this.#unfinished = maxUnfinished === undefined ? undefined : new UnfinishedLimit(store, maxUnfinished);
    this.#sizes = new SizeLimits(settings.maxResultBytes);
    this.#newId = options.newId ? checkedId(options.newId) : randomId;
    this.#listFilters = new ListFilters(options.methods);
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
    this.#methods = servedMethods(options.methods);
    this.#transitions = new Transitions(
      store,
      this.#methods,
      settings.retentionMs,
      telemetry && ((before, after) => telemetry.changed(before, after, clock.now())),
    );
    this.#waiters = new Waiters(store, (error) =>
      logger.error({ err: error }, 'change could not be reported'),
    );
    this.#health = new StoreHealth({ store, clock, methods: this.#methods, logger });
    this.health = this.#health;
    const shared = { store, clock, telemetry, transitions: this.#transitions, waiters: this.#waiters };
    this.#runner = new Runner({
      ...shared,
      methods: this.#methods,
      logger,
      concurrency,
      sizes: this.#sizes,
    });
    this.#service = new InProcessOperations({
      ...shared,
      limits: settings,
      listFilters: this.#listFilters,
      pageTokens: pageTokensOf(store, options.pageTokenSecret),
      stopping: this.#stopping.signal,
    });
    const gate = options.authorize && new Gate(options.authorize);
    this.#entry = { gate, limits: CallerLimits.of(options) };
    this.handlers = grpcHandlers({ service: this.#service, logger, clock, telemetry, ...this.#entry });
    this.#stopSweeping = sweepExpired(store, settings.retentionMs, clock, logger);
    this.#stopCounting = countUnfinished(store, telemetry);
  }

  get service(): OperationsApi {
    return this.#service;
  }

  readonly authenticate = async ({ method, metadata, peer }: CallHead): Promise<CallRefusal | undefined> => {
    if (!this.#entry.gate || !this.#guardedPaths.has(method)) return undefined;
    const facts = new GrpcCallFacts(method, '', { metadata, getPeer: () => peer });
    try {
      await authenticate(this.#entry, facts);
      return undefined;
    } catch (thrown) {
      const refused = refusal(method, this.#logger, thrown);
      observeRefusal(this.#observers(), facts, refused.code);
      return refused;
    }
  };

  async ready(): Promise<void> {
    await this.#store.ready();
    const unfinished = await this.#store.unfinishedMethods();
    const methods = unfinished.filter((path) => !this.#methods.has(path));
    if (methods.length > 0)
      this.#logger.error(
        { methods },
        'unfinished operations wait for a server of methods that this one does not implement',
      );
  }

  async start<Request>(
    { method: { path } }: ImplementedMethod<Request>,
    given: DeepPartial<Request>,
    context: Partial<StartContext> = {},
  ): Promise<Operation> {
    const served = this.#served(path);
    const request = served.request(given as object);
    this.#assertServing();
    const { headers = {}, caller = {} } = context;
    const facts = served.identify(request, caller);
    const earlier = facts.requestId === undefined ? undefined : await this.#startedBy(facts, caller);
    if (earlier) return toOperation(earlier);
    const response = await served.accept(request, { headers, caller });
    this.#assertServing();
    const createTime = this.#clock.now();
    // Without telemetry it is the caller's, for the log.
    const trace = this.#telemetry?.current() ?? traceContextOf(headers);
    let record = served.newRecord(request, facts, { id: this.#newId(), createTime, ...(trace && { trace }) });
    if (record.metadata) this.#sizes.metadata(record.metadata);
    if (response) {
      this.#sizes.response(response, record.metadata);
      record = this.#transitions.next(record, { type: 'succeeded', attempt: 0, at: createTime, response });
    }
    const create = () => this.#store.create(record);
    // What is done already takes no place.
    const creating = this.#unfinished && !response ? this.#unfinished.admit(create) : create();
    const kept = await creating;
    if (kept.name === record.name) this.#telemetry?.changed(undefined, record, createTime);
    return toOperation(sameRequest(kept, facts, caller));
  }

  /** What the very same request started before (AIP-155). */
  async #startedBy(facts: RequestFacts, caller: Caller): Promise<OperationRecord | undefined> {
    const { method, parent, requestId } = facts;
    if (requestId === undefined) return undefined;
    const earlier = await this.#store.find({ method, parent, requestId });
    if (!earlier) return undefined;
    if (!isGone(earlier, this.#clock.now())) return sameRequest(earlier, facts, caller);
    await this.#store.delete(earlier.name);
    return undefined;
  }

  add(implemented: ImplementedMethod): void {
    const served = new ServedMethod(implemented);
    this.#methods.set(served.path, served);
    this.#listFilters.add(implemented);
    this.#runner.take(served.path);
  }

  starter<Request>(implemented: ImplementedMethod<Request>): handleUnaryCall<Request, Operation> {
    const { path } = implemented.method;
    const served = this.#served(path);
    this.#guardedPaths.add(path);
    const nameOf = (request: Request) => served.parentOf(request);
    const handler = unary<Request, Operation>(
      path,
      this.#logger,
      admitting(this.#entry, path, nameOf, (call, { caller }) => {
        const context = { headers: textHeaders(call.metadata), caller };
        return this.start(implemented, call.request as DeepPartial<Request>, context);
      }),
    );
    return observedHandler(path, this.#observers(), handler, 'start');
  }

  guarded<Request, Response>(
    path: string,
    handler: handleUnaryCall<Request, Response>,
    nameOf: (request: Request) => string = namedResource,
  ): handleUnaryCall<Request, Response> {
    this.#guardedPaths.add(path);
    const entered = guarded({ ...this.#entry, path, nameOf, logger: this.#logger }, handler);
    return observedHandler(path, this.#observers(), entered, 'other');
  }

  serviceFor(origin: Origin): OperationsApi {
    const { gate, limits } = this.#entry;
    return gate || limits ? onBehalfOf(origin, this.#service, this.#entry) : this.#service;
  }

  async close({ graceMs = DEFAULT_GRACE_MS, delayMs = 0 }: CloseOptions = {}): Promise<void> {
    this.#health.drain();
    if (delayMs > 0) await sleep(delayMs, this.#stopping.signal, this.#clock).catch(() => {});
    this.#stopping.abort();
    this.#stopSweeping();
    this.#stopCounting();
    try {
      await this.#runner.close(graceMs);
    } finally {
      this.#health.end();
      this.#waiters.close();
      await this.#store.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #observers(): CallObservers {
    return { telemetry: this.#telemetry, logger: this.#logger, clock: this.#clock };
  }

  #assertServing(): void {
    if (this.#stopping.signal.aborted) throw stopping();
  }

  #served(path: string): ServedMethod {
    const served = this.#methods.get(path);
    if (!served) throw new TypeError(`method ${path} is not served here: name it in \`methods\``);
    return served;
  }
}

function servedMethods(methods: readonly ImplementedMethod[]): Map<string, ServedMethod> {
  const served = new Map<string, ServedMethod>();
  for (const implemented of methods) {
    const { path } = implemented.method;
    if (served.has(path)) throw new TypeError(`method ${path} is implemented twice: keep one of the two`);
    served.set(path, new ServedMethod(implemented));
  }
  return served;
}

/** Has telemetry ask what has not ended, of a store that can tell. */
function countUnfinished(store: OperationStore, telemetry: Telemetry | undefined): () => void {
  const count = store.countUnfinished;
  if (!telemetry || !count) return () => {};
  return telemetry.unfinished(() => count.call(store, MOST_COUNTED));
}

/**
 * The record that is kept for a request.
 *
 * @throws StatusError INVALID_ARGUMENT when its request id was used for a different request.
 */
function sameRequest(kept: OperationRecord, asked: RequestFacts, caller: Caller): OperationRecord {
  if (Buffer.compare(kept.request, asked.request) === 0) return kept;
  const id = quoted(givenRequestId(asked.requestId ?? '', caller));
  throw invalidField('request_id', `request id ${id} was used for a different request: use a new one`);
}

function stopping(): Error {
  return kitError(Code.UNAVAILABLE, 'SERVER_STOPPING', 'the server stops: try again on another', {
    retryAfterMs: 1000,
  });
}
