import type { handleUnaryCall, Server } from '@grpc/grpc-js';
import type { Operation, OperationsServer } from '../../generated/google/longrunning/operations.js';
import { type ListRequest, listOperations, type OperationListing } from '../client/operations/list.js';
import { type OpenOperation, operationHandles } from '../client/operations/operation-handles.js';
import type { CallHead, CallRefusal } from '../core/authenticate.js';
import { type Clock, systemClock } from '../core/clock.js';
import { type Logger, serverLogger } from '../core/logger.js';
import type { DeepPartial } from '../core/operation-method.js';
import type { CallOptions, OperationsApi } from '../core/operations-api.js';
import { withDefaults } from '../core/options.js';
import { addMounted, type MountedService, type Service } from '../core/service.js';
import { sleep } from '../core/signals.js';
import { Code, kitError } from '../core/status.js';
import { rejectingStore } from '../stores/contract/around-store.js';
import type { OperationStore } from '../stores/contract/operation-store.js';
import { memoryStore } from '../stores/memory/memory-store.js';
import { type AccessControl, Gate } from './access/gate.js';
import { type CallerOperations, type CallOrigin, type EntryParts, onBehalfOf } from './access/on-behalf.js';
import { assertDistinct, GrpcEntry } from './grpc/grpc-entry.js';
import { type OperationsHealth, StoreHealth } from './health/operations-health.js';
import { CallerLimits } from './limits/caller-limits.js';
import { UnfinishedLimit } from './limits/unfinished-limit.js';
import type { Operations } from './operations-interface.js';
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
  readonly operation: OpenOperation;
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
  readonly #entryParts: EntryParts;
  /** Aborts once the operations have closed. */
  readonly #closed = new AbortController();
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
    this.#entryParts = {
      ...this.#access,
      service: this.#service,
      logger,
      clock,
      telemetry,
      served: (path) => this.#served(path),
      start: (served, request, context) => this.#starts.start(served, request, context),
    };
    this.#entry = new GrpcEntry({
      ...this.#entryParts,
      serve: (implemented) => {
        if (!this.#methods.has(implemented.method.path)) this.add(implemented);
      },
    });
    this.operation = operationHandles(this.#service, { clock, closed: this.#closed.signal });
    this.handlers = this.#entry.handlers;
    this.#entry.mount(this.#services);
    this.#stopSweeping = sweepExpired(store, settings.retentionMs, clock, logger);
    this.#stopCounting = countUnfinished(store, telemetry);
  }

  get api(): OperationsApi {
    return this.#service;
  }

  list(request: ListRequest, options?: CallOptions): OperationListing {
    return listOperations(this.#service, request, options);
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

  for(origin: CallOrigin): CallerOperations {
    return onBehalfOf(origin, this.#entryParts);
  }

  async close({
    graceMs = DEFAULT_GRACE_MS,
    drainDelayMs = 0,
    stopServing,
  }: NonNullable<Parameters<Operations['close']>[0]> = {}): Promise<void> {
    this.#health.drain();
    if (drainDelayMs > 0) await sleep(drainDelayMs, this.#stopping.signal, this.#clock).catch(() => {});
    this.#stopping.abort();
    this.#stopSweeping();
    this.#stopCounting();
    try {
      await this.#runner.close(graceMs);
      await stopServing?.();
    } finally {
      this.#health.end();
      this.#waiters.close();
      this.#closed.abort(
        kitError(Code.UNAVAILABLE, 'SERVER_STOPPING', 'operations are closed: use another server'),
      );
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
