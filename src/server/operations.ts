import type { handleUnaryCall, Server } from '@grpc/grpc-js';
import type { Operation, OperationsServer } from '../../generated/google/longrunning/operations.js';
import type { Authenticate, CallHead, CallRefusal } from '../core/authenticate.js';
import { type Clock, systemClock } from '../core/clock.js';
import { type Logger, serverLogger } from '../core/logger.js';
import type { DeepPartial } from '../core/operation-method.js';
import type { OperationsApi } from '../core/operations-api.js';
import { withDefaults } from '../core/options.js';
import { addMounted, type MountedService, type Service, type ServiceHost } from '../core/service.js';
import { sleep } from '../core/signals.js';
import { rejectingStore } from '../stores/contract/around-store.js';
import type { OperationStore } from '../stores/contract/operation-store.js';
import { memoryStore } from '../stores/memory/memory-store.js';
import type { AuthorizeRequest } from './access/call-facts.js';
import { type AccessControl, Gate } from './access/gate.js';
import { type CallOrigin, onBehalfOf } from './access/on-behalf.js';
import { assertDistinct, GrpcEntry } from './grpc/grpc-entry.js';
import { type OperationsHealth, StoreHealth } from './health/operations-health.js';
import { CallerLimits } from './limits/caller-limits.js';
import { UnfinishedLimit } from './limits/unfinished-limit.js';
import {
  checkLimits,
  DEFAULT_GRACE_MS,
  DEFAULT_OPTIONS,
  type OperationsOptions,
} from './operations-options.js';
import { ListFilters } from './service/list-filter.js';
import { InProcessOperations } from './service/operations-service.js';
import { pageTokensOf } from './service/page-token.js';
import { Waiters } from './service/waiters.js';
import { observedStore } from './telemetry/observed-store.js';
import { SafeTelemetry } from './telemetry/safe-telemetry.js';
import type { Telemetry } from './telemetry/telemetry.js';
import type { ImplementedMethod, StartContext } from './work/implement.js';
import { checkedId, randomId } from './work/operation-id.js';
import { sweepExpired } from './work/retention.js';
import { Runner } from './work/runner.js';
import { ServedMethod } from './work/served-method.js';
import { SizeLimits } from './work/size-limits.js';
import { Starts } from './work/starts.js';
import { Transitions } from './work/transitions.js';

/** Server of long-running operations, to embed in a grpc-js server. */
export interface Operations extends ServiceHost, AsyncDisposable {
  /** In-process `google.longrunning.Operations`, without authorization. */
  readonly service: OperationsApi;
  /** gRPC handlers of `google.longrunning.Operations`: `server.addService(OperationsService, operations.handlers)`. */
  readonly handlers: OperationsServer;
  /** Health of the server, for `addHealth`. */
  readonly health: {
    /** Full names of the services that share this health. Services may be added. */
    readonly services: ReadonlySet<string>;
    /**
     * Checks that the store accepts writes, unless it was checked within the last second. Resolves to NOT_SERVING if the check
     * fails or takes longer than two seconds, and once the server is closing.
     */
    check(): Promise<'SERVING' | 'NOT_SERVING'>;
    /**
     * Reports the condition, now and every five seconds while it is checked, until the returned function is called. `ended` is
     * called once when the server has closed.
     */
    watch(listener: { changed(condition: 'SERVING' | 'NOT_SERVING'): void; ended(): void }): () => void;
  };
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
   * Adds `google.longrunning.Operations`, the services of the options and the given ones to a gRPC server, with strict decoding,
   * authorization, limits of callers and telemetry. Services that were added to this server before are skipped.
   *
   * @throws TypeError if two services have the same name.
   *
   * @example
   * ```ts
   * const operations = createOperations({ store });
   * const server = new Server(grpcLimits());
   * operations.addTo(server, service(ReportsService, { exportReport, purgeReports }));
   * ```
   */
  addTo(server: Server, ...services: readonly Service[]): void;
  /** Services as other transports call them, for hosts such as `createGateway`. */
  mount(services?: readonly Service[]): readonly MountedService[];
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
  serviceFor(origin: Pick<AuthorizeRequest, 'headers' | 'peer'>): OperationsApi;
  /**
   * Refuses calls by their headers, before their message or body is read. It runs the steps of `authorize` that need no message,
   * for methods of `handlers`, `starter` and `guarded`. Pass it to `grpcLimits` and `createGateway`; it needs no `this`.
   */
  readonly authenticate: Authenticate;
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
  close(options?: {
    /** Time for running work to end, in milliseconds. @defaultValue 3000 */
    readonly graceMs?: number | undefined;
    /**
     * Time during which the server still serves while health already reports NOT_SERVING, in milliseconds. It lets load balancers
     * notice, and precedes the grace period. @defaultValue 0
     */
    readonly drainDelayMs?: number | undefined;
  }): Promise<void>;
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
 * const operations = createOperations({ services: [service(ReportsService, { exportReport, purgeReports })] });
 * operations.addTo(server);
 * ```
 */
export function createOperations(options: OperationsOptions = {}): Operations {
  return new EmbeddedOperations(options);
}

class EmbeddedOperations implements Operations {
  readonly handlers: OperationsServer;
  readonly health: OperationsHealth;
  readonly #service: InProcessOperations;
  readonly #methods: Map<string, ServedMethod>;
  readonly #listFilters: ListFilters;
  readonly #store: OperationStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #transitions: Transitions;
  readonly #waiters: Waiters;
  readonly #health: StoreHealth;
  readonly #runner: Runner;
  readonly #telemetry: Telemetry | undefined;
  readonly #access: AccessControl;
  readonly #starts: Starts;
  readonly #entry: GrpcEntry;
  readonly #services: readonly Service[];
  readonly #added = new WeakMap<Server, Set<MountedService>>();
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
    this.#telemetry = telemetry;
    const supplied = rejectingStore(settings.store);
    const store = telemetry ? observedStore(supplied, telemetry) : supplied;
    // Created first because it may throw, and nothing has to be closed yet.
    const unfinished = maxUnfinished === undefined ? undefined : new UnfinishedLimit(store, maxUnfinished);
    const sizes = new SizeLimits(settings.maxResultBytes);
    this.#services = options.services ?? [];
    assertDistinct(this.#services);
    const byHand = options.methods ?? [];
    const ofServices = this.#services.flatMap(implementedMethods);
    const methods = [...byHand, ...ofServices.filter((each) => !byHand.includes(each))];
    this.#listFilters = new ListFilters(methods);
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
    this.#methods = servedMethods(methods);
    this.#transitions = new Transitions(
      store,
      this.#methods,
      settings.retentionMs,
      telemetry && ((before, after) => telemetry.changed(before, after, clock.now())),
    );
    this.#waiters = new Waiters(store, (error) =>
      logger.error({ err: error }, 'change could not be reported'),
    );
    const services = () => [...servicesOf(this.#methods.keys()), ...this.#entry.services];
    this.#health = new StoreHealth({ store, clock, services, logger });
    this.health = this.#health;
    const shared = { store, clock, telemetry, transitions: this.#transitions, waiters: this.#waiters };
    this.#runner = new Runner({
      ...shared,
      methods: this.#methods,
      logger,
      maxRunning,
      sizes,
    });
    this.#starts = new Starts({
      ...shared,
      sizes,
      unfinished,
      newId: options.newId ? checkedId(options.newId) : randomId,
      stopping: this.#stopping.signal,
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
    this.#entry = new GrpcEntry({
      ...this.#access,
      service: this.#service,
      logger,
      clock,
      telemetry,
      served: (path) => this.#served(path),
      serve: (implemented) => {
        if (!this.#methods.has(implemented.method.path)) this.add(implemented);
      },
      start: (served, request, context) => this.#starts.start(served, request, context),
    });
    this.handlers = this.#entry.handlers;
    this.#entry.mount(this.#services);
    this.#stopSweeping = sweepExpired(store, settings.retentionMs, clock, logger);
    this.#stopCounting = countUnfinished(store, telemetry);
  }

  get service(): OperationsApi {
    return this.#service;
  }

  readonly authenticate = (call: CallHead): Promise<CallRefusal | undefined> =>
    this.#entry.authenticate(call);

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
    request: DeepPartial<Request>,
    context: Partial<StartContext> = {},
  ): Promise<Operation> {
    return this.#starts.start(this.#served(path), request as DeepPartial<unknown>, context);
  }

  addTo(server: Server, ...services: readonly Service[]): void {
    const added = this.#added.get(server) ?? new Set();
    this.#added.set(server, added);
    for (const mounted of this.mount(services)) {
      if (!added.has(mounted)) addMounted(server, [mounted]);
      added.add(mounted);
    }
  }

  mount(services: readonly Service[] = []): readonly MountedService[] {
    return this.#entry.mount([...this.#services, ...services]);
  }

  add(implemented: ImplementedMethod): void {
    const served = new ServedMethod(implemented);
    this.#methods.set(served.path, served);
    this.#listFilters.add(implemented);
    this.#runner.accept(served.path);
  }

  starter<Request>(implemented: ImplementedMethod<Request>): handleUnaryCall<Request, Operation> {
    return this.#entry.starter(implemented);
  }

  guarded<Request, Response>(
    path: string,
    handler: handleUnaryCall<Request, Response>,
    nameOf?: (request: Request) => string,
  ): handleUnaryCall<Request, Response> {
    return this.#entry.guarded(path, handler, nameOf);
  }

  serviceFor(origin: CallOrigin): OperationsApi {
    const { gate, limits } = this.#access;
    return gate || limits ? onBehalfOf(origin, this.#service, this.#access) : this.#service;
  }

  async close({
    graceMs = DEFAULT_GRACE_MS,
    drainDelayMs = 0,
  }: NonNullable<Parameters<Operations['close']>[0]> = {}): Promise<void> {
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

  #served(path: string): ServedMethod {
    const served = this.#methods.get(path);
    if (!served)
      throw new TypeError(`method ${path} is not served here: pass its service to createOperations or addTo`);
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

/** Returns the long-running methods of a service. */
function implementedMethods({ methods }: Service): ImplementedMethod[] {
  return methods.flatMap(({ handler }) =>
    handler.kind === 'long-running' ? (handler.implemented as ImplementedMethod) : [],
  );
}

/** Returns the services of methods, given their paths. */
function servicesOf(paths: Iterable<string>): string[] {
  return Array.from(paths, (path) => path.split('/')[1] ?? '');
}
