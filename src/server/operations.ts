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
import { type AccessControl, authenticate, Gate } from './access/gate.js';
import { type CallOrigin, onBehalfOf } from './access/on-behalf.js';
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

/** Server of long-running operations, to embed in a grpc-js server. */
export interface Operations extends AsyncDisposable {
  /** In-process `google.longrunning.Operations`, without authorization. */
  readonly service: OperationsApi;
  /** gRPC handlers of `google.longrunning.Operations`: `server.addService(OperationsService, operations.handlers)`. */
  readonly handlers: OperationsServer;
  /** Health of the server, for `addHealth`. */
  readonly health: OperationsHealth;
  /**
   * Starts an operation. It continues independently of the caller. A request with a request id that was used before returns the
   * operation that it started then (AIP-155).
   *
   * @throws errors of `onStart`, `parent` and `metadata` of the implementation; StatusError INVALID_ARGUMENT if `parent` is not a
   * resource name; UNAVAILABLE if the server is stopping.
   */
  start<Request, Response, Metadata>(
    implemented: ImplementedMethod<Request, Response, Metadata>,
    request: DeepPartial<Request>,
    context?: Partial<StartContext>,
  ): Promise<Operation>;
  /**
   * Adds a method, or replaces its implementation; running operations are unaffected. Operations of a method that was not added
   * are left to other servers.
   *
   * @throws TypeError if the implementation is invalid.
   */
  add<Request, Response, Metadata>(implemented: ImplementedMethod<Request, Response, Metadata>): void;
  /** Creates the gRPC handler of a long-running method, which starts an operation and returns it. */
  starter<Request, Response, Metadata>(
    implemented: ImplementedMethod<Request, Response, Metadata>,
  ): handleUnaryCall<Request, Operation>;
  /**
   * Wraps the gRPC handler of another unary method with `authorize`, the limits of callers and telemetry.
   *
   * @param path - path of the method: `/acme.v1.Jobs/GetJob`.
   * @param nameOf - returns the resource that a request refers to; by default its `name`, or else its `parent`.
   */
  guarded<Request, Response>(
    path: string,
    handler: handleUnaryCall<Request, Response>,
    nameOf?: (request: Request) => string,
  ): handleUnaryCall<Request, Response>;
  /**
   * Returns the in-process five methods for a caller of another transport, with `authorize` and the limits of callers. Unlike it,
   * {@link service} is for the program itself and allows every call.
   */
  serviceFor(origin: CallOrigin): OperationsApi;
  /**
   * Refuses calls by their headers, before their message or body is read. It runs the steps of `authorize` that need no message,
   * for methods of `handlers`, `starter` and `guarded`. Pass it to `grpcLimits` and `createGateway`; it needs no `this`.
   */
  readonly authenticate: (call: CallHead) => Promise<CallRefusal | undefined>;
  /**
   * Resolves when the store, the steps of `authorize` and the telemetry are ready; rejects with their first error, such as
   * a package that is not installed. Awaiting it is optional, because earlier calls wait for the store.
   */
  ready(): Promise<void>;
  /**
   * Closes the server. Health reports NOT_SERVING. After `drainDelayMs`, waits are answered with the latest state, and starts fail with
   * UNAVAILABLE. Running work has `graceMs` to end. Then its signal aborts, and it ends with ABORTED, or is released to another
   * server if its method resumes. Queued work stays queued. Close the gRPC server afterwards.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** Upper bound on operations scanned per metrics read. */
const MOST_COUNTED = 100_000;

/**
 * Creates a server of long-running operations.
 *
 * @throws TypeError if two methods have the same path, or an option is invalid.
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
  readonly #access: AccessControl;
  /** Paths of the methods that need authorization. */
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
    const { clock, maxRunning, maxUnfinished } = settings;
    // User code is wrapped here, once, so that its errors are contained.
    const logger = serverLogger(options.logger);
    const telemetry = options.telemetry && new SafeTelemetry(options.telemetry, logger);
    const supplied = rejectingStore(settings.store);
    this.#telemetry = telemetry;
    const store = telemetry ? observedStore(supplied, telemetry) : supplied;
    // Created first because it may throw, and nothing has to be closed yet.
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
      maxRunning,
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
    this.#access = { gate, limits: CallerLimits.of(options) };
    this.handlers = grpcHandlers({ service: this.#service, logger, clock, telemetry, ...this.#access });
    this.#stopSweeping = sweepExpired(store, settings.retentionMs, clock, logger);
    this.#stopCounting = countUnfinished(store, telemetry);
  }

  get service(): OperationsApi {
    return this.#service;
  }

  readonly authenticate = async ({ method, metadata, peer }: CallHead): Promise<CallRefusal | undefined> => {
    if (!this.#access.gate || !this.#guardedPaths.has(method)) return undefined;
    const facts = new GrpcCallFacts(method, '', { metadata, getPeer: () => peer });
    try {
      await authenticate(this.#access, facts);
      return undefined;
    } catch (thrown) {
      const refused = refusal(method, this.#logger, thrown);
      observeRefusal(this.#observers(), facts, refused.code);
      return refused;
    }
  };

  async ready(): Promise<void> {
    await Promise.all([this.#access.gate?.ready(), this.#telemetry?.ready?.()]);
    await this.#store.ready();
    const unfinished = await this.#store.unfinishedMethods();
    const methods = unfinished.filter((path) => !this.#methods.has(path));
    if (methods.length > 0)
      this.#logger.error(
        { methods },
        'unfinished operations are waiting for a server that implements their methods',
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
    const response = await served.onStart(request, { headers, caller });
    this.#assertServing();
    const createTime = this.#clock.now();
    // Without telemetry the trace context of the caller is stored, for the log.
    const trace = this.#telemetry?.current() ?? traceContextOf(headers);
    let record = served.newRecord(request, facts, { id: this.#newId(), createTime, ...(trace && { trace }) });
    if (record.metadata) this.#sizes.metadata(record.metadata);
    if (response) {
      this.#sizes.response(response, record.metadata);
      record = this.#transitions.next(record, { type: 'succeeded', attempt: 0, at: createTime, response });
    }
    const create = () => this.#store.create(record);
    // An operation that is already done does not count.
    const creating = this.#unfinished && !response ? this.#unfinished.admit(create) : create();
    const kept = await creating;
    if (kept.name === record.name) this.#telemetry?.changed(undefined, record, createTime);
    return toOperation(sameRequest(kept, facts, caller));
  }

  /** Returns the operation that the same request started before (AIP-155). */
  async #startedBy(facts: RequestFacts, caller: Caller): Promise<OperationRecord | undefined> {
    const { method, parent, requestId } = facts;
    if (requestId === undefined) return undefined;
    const earlier = await this.#store.findByRequestId({ method, parent, requestId });
    if (!earlier) return undefined;
    if (!isGone(earlier, this.#clock.now())) return sameRequest(earlier, facts, caller);
    await this.#store.delete(earlier.name);
    return undefined;
  }

  add(implemented: ImplementedMethod): void {
    const served = new ServedMethod(implemented);
    this.#methods.set(served.path, served);
    this.#listFilters.add(implemented);
    this.#runner.accept(served.path);
  }

  starter<Request>(implemented: ImplementedMethod<Request>): handleUnaryCall<Request, Operation> {
    const { path } = implemented.method;
    const served = this.#served(path);
    this.#guardedPaths.add(path);
    const nameOf = (request: Request) => served.parentOf(request);
    const handler = unary<Request, Operation>(
      path,
      this.#logger,
      admitting(this.#access, path, nameOf, (call, { caller }) => {
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
    const entered = guarded({ ...this.#access, path, nameOf, logger: this.#logger }, handler);
    return observedHandler(path, this.#observers(), entered, 'other');
  }

  serviceFor(origin: CallOrigin): OperationsApi {
    const { gate, limits } = this.#access;
    return gate || limits ? onBehalfOf(origin, this.#service, this.#access) : this.#service;
  }

  async close({ graceMs = DEFAULT_GRACE_MS, drainDelayMs = 0 }: CloseOptions = {}): Promise<void> {
    this.#health.drain();
    if (drainDelayMs > 0) await sleep(drainDelayMs, this.#stopping.signal, this.#clock).catch(() => {});
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
    if (!served) throw new TypeError(`method ${path} is not served here: add it to \`methods\``);
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

/** Reports unfinished operations to telemetry, if the store can count them. */
function countUnfinished(store: OperationStore, telemetry: Telemetry | undefined): () => void {
  const count = store.countUnfinished;
  if (!telemetry || !count) return () => {};
  return telemetry.unfinished(() => count.call(store, MOST_COUNTED));
}

/**
 * Returns the stored record of a request.
 *
 * @throws StatusError INVALID_ARGUMENT if its request id was used for a different request.
 */
function sameRequest(kept: OperationRecord, asked: RequestFacts, caller: Caller): OperationRecord {
  if (Buffer.compare(kept.request, asked.request) === 0) return kept;
  const id = quoted(givenRequestId(asked.requestId ?? '', caller));
  throw invalidField('request_id', `request id ${id} was used for a different request: use a new one`);
}

function stopping(): Error {
  return kitError(Code.UNAVAILABLE, 'SERVER_STOPPING', 'server is stopping: try again on another server', {
    retryAfterMs: 1000,
  });
}
