import { getHeapStatistics } from 'node:v8';
import type { Server, ServerOptions } from '@grpc/grpc-js';
import { authenticationInterceptor, isAuthenticating } from '../../core/authenticate.js';
import { type Clock, systemClock } from '../../core/clock.js';
import { contain } from '../../core/contain.js';
import { safeLogger } from '../../core/logger.js';
import { withDefaults } from '../../core/options.js';
import type { Gateway } from '../../gateway/index.js';
import {
  addHealth,
  createOperations,
  memoryStore,
  type Operations,
  type OperationsOptions,
} from '../../server/index.js';
import { addChangeableReflection, type Reflection } from '../../server/reflection/add-reflection.js';
import { CallLog, type RecordedCall } from '../calls/call-log.js';
import { CallConnections, ConnectionServer } from '../calls/connections.js';
import { RecordingHost } from '../calls/recording-host.js';
import { RestFront } from '../calls/rest-front.js';
import { StubbedOperations } from '../faking/stubbed-operations.js';
import { AnswerHistory } from '../faults/answer-history.js';
import type { ParsedFault } from '../faults/fault.js';
import { FaultPlan, type PendingFault } from '../faults/fault-plan.js';
import type { ParsedScript } from '../script/script.js';
import type { Script } from '../script/script-source.js';
import {
  type ApiSource,
  type FakedApi,
  FakedApis,
  type FakeOptions,
  type RestSettings,
} from './faked-apis.js';

/**
 * Recording of calls: `kept` keeps all calls for inspection; `told` keeps open calls and reports each to `onCall`
 * when it ends; `off` keeps none.
 */
export type Recording = 'kept' | 'told' | 'off';

/** Options of {@link fakeServer}. */
export interface FakeServerOptions {
  /**
   * Initial APIs. More can be added later, but the server does not resume work on them from a store.
   * @defaultValue none
   */
  readonly apis?: readonly FakedApi[];
  /** Clock of the server. @defaultValue the system clock */
  readonly clock?: Clock;
  /**
   * Options of the operations. Their `services` are hosted, with recording and faults.
   *
   * @defaultValue those of `createOperations`, with a memory store and no limit on concurrent operations
   */
  readonly operations?: Omit<OperationsOptions, 'methods' | 'clock'>;
  /** Encoded FileDescriptorSet of hosted services, with all imports, for REST and reflection. @defaultValue none */
  readonly descriptors?: Uint8Array | undefined;
  /**
   * Options of the gRPC server. Its interceptors run before recording and faults, and not for REST, which calls the handlers
   * directly. @defaultValue none
   */
  readonly grpc?: ServerOptions;
  /**
   * Options of the gateway, or `off` for no gateway, in which case invalid HTTP rules are accepted. @defaultValue
   * those of `createGateway`
   */
  readonly rest?: RestSettings | 'off';
  /** @defaultValue 'kept' */
  readonly recording?: Recording;
  /** Called with every recorded call when it ends. @defaultValue none */
  readonly onCall?: (call: RecordedCall) => void;
}

const DEFAULTS = {
  apis: [],
  clock: systemClock,
  operations: {},
  grpc: {},
  rest: {},
  recording: 'kept',
  onCall: () => {},
} satisfies FakeServerOptions as Required<Omit<FakeServerOptions, 'descriptors'>>;

/** Test server without a listener. The owner listens with `servePort` and closes `operations` and the other parts. */
export interface FakeServer {
  /** gRPC server with the faked services and `google.longrunning.Operations`. More services may be added. */
  readonly server: Server;
  /** REST gateway, or undefined if REST is off. */
  readonly gateway: Gateway | undefined;
  readonly operations: Operations;
  /** Recorded calls in order of arrival: all of them, or only open ones. */
  readonly calls: readonly RecordedCall[];
  /** Remaining faults, in order. */
  readonly faults: readonly PendingFault[];
  /** Replaces all scripts and faults with those of this script. Running operations continue as they began. */
  replaceScript(script: ParsedScript): void;
}

/**
 * Fakes APIs with scripts that may change, and injects faults into calls. It is the basis of `startTestServer`
 * and `longrunning serve`, for programs that listen themselves.
 *
 * @throws HttpRuleError if two methods have the same HTTP path; SchemaError or TypeError if services cannot be
 * served.
 *
 * @example
 * ```ts
 * import { servePort } from 'longrunning/gateway';
 * import { fakeServer } from './fake-server.js';
import { loadSchema } from '../../schema/load-schema.js';
import { parseScript } from '../script/script.js';
 *
 * const schema = await loadSchema({ files: ['acme/jobs/v1/jobs.proto'], includeDirs: ['protos'] });
 * const script = parseScript('default: { durationMs: 50 }', { file: 'jobs.yaml', schema });
 * const { server, gateway } = fakeServer({ apis: [{ schema, script }] });
 * const port = await servePort({ server, ...(gateway && { gateway }), address: 'unix:/tmp/jobs.sock' });
 * ```
 */
export function fakeServer(options: FakeServerOptions = {}): FakeServer {
  return new FakedApiServer(options);
}

/** Implementation of {@link FakeServer}, with the additional functions of test servers. */
export class FakedApiServer implements FakeServer {
  readonly server: ConnectionServer;
  readonly operations: Operations;
  readonly apis: FakedApis;
  readonly plan = new FaultPlan();
  readonly log: CallLog;
  /** Hand-driven operations that answer the next calls of some methods. */
  readonly held = new StubbedOperations();
  readonly #history = new AnswerHistory();
  readonly #rest: RestFront | undefined;
  readonly #reflection: Reflection;

  constructor(options: FakeServerOptions = {}) {
    const { apis, clock, operations, grpc, rest, recording, onCall } = withDefaults(DEFAULTS, options);
    const { descriptors } = options;
    const logger = safeLogger(operations.logger, 'longrunning');
    this.log = new CallLog(clock, {
      keeps: recording === 'kept' ? 'all' : 'open',
      onCall: (call) =>
        contain(
          () => onCall(call),
          (err) => logger.error({ err }, 'onCall failed'),
        ),
    });
    // Without authorization callers have no token, so the OpenAPI document must not require one.
    const openApi = operations.authorize ? {} : { openApi: { scopes: [] } };
    this.apis = new FakedApis({
      clock,
      rest: rest === 'off' ? {} : { ...openApi, ...rest },
      apis,
      hosted: operations.services ?? [],
      descriptors,
    });
    const connections = new CallConnections();
    this.operations = createOperations({
      store: memoryStore(),
      ...operations,
      clock,
      maxRunning: operations.maxRunning ?? defaultMaxRunning(),
    });
    const host = new RecordingHost(this.operations, {
      methodAt: (path) => (recording === 'off' && this.plan.isSpent ? undefined : this.apis.methodAt(path)),
      log: this.log,
      faults: this.plan,
      history: this.#history,
      // If all calls are kept, a later fault may repeat any answer. Otherwise the faults are known from the
      // start.
      remembersAnswers: () => recording === 'kept' || this.plan.repeatsAnswers,
      held: this.held,
      connections,
      clock,
    });
    const interceptors = [...(grpc.interceptors ?? [])];
    if (operations.authorize && !interceptors.some(isAuthenticating))
      interceptors.push(authenticationInterceptor(this.operations.authenticate));
    this.server = new ConnectionServer({ ...grpc, interceptors }, connections);
    // Comes before any work starts, which the first mount of the services may cause: HTTP rules may be invalid.
    this.#rest = rest === 'off' ? undefined : new RestFront(this.apis.gateway(host), connections);
    this.apis.serve({ server: this.server, operations: this.operations, host });
    const services = this.apis.schema.services.map(({ typeName }) => typeName);
    addHealth(this.server, this.operations, { services });
    this.#reflection = addChangeableReflection(this.server, this.apis.reflection());
    this.#addFaults(apis.flatMap(({ script }) => script.faults));
  }

  get gateway(): Gateway | undefined {
    return this.#rest?.gateway;
  }

  get calls(): readonly RecordedCall[] {
    return this.log.list();
  }

  get faults(): readonly PendingFault[] {
    return this.plan.list();
  }

  /** Fakes one more API. @throws SchemaError, ScriptError or HttpRuleError */
  async fake(source: ApiSource, options: FakeOptions = {}): Promise<void> {
    const { script, gateway } = await this.apis.add(source, options);
    this.#rest?.replace(gateway);
    this.#reflection.replace(this.apis.reflection());
    this.#addFaults(script.faults);
  }

  /** Replaces the behavior of the methods that the script names, and adds its faults. @throws ScriptError */
  script(source: Script | string): void {
    this.#addFaults(this.apis.script(source).faults);
  }

  replaceScript(script: ParsedScript): void {
    this.apis.replaceScript(script);
    this.plan.clear();
    this.#addFaults(script.faults);
  }

  /** Removes faults, calls, resources and changes made by `script`. */
  reset(): void {
    this.plan.clear();
    this.#history.clear();
    this.held.clear();
    this.log.clear();
    this.apis.reset();
  }

  #addFaults(faults: readonly ParsedFault[]): void {
    this.plan.add(...faults);
  }
}

/** Heap reserved per running operation: about twice its actual use, including its calls. */
const HEAP_PER_RUNNING_BYTES = 24 * 1024;

/**
 * Default limit on running operations. Faked work is only a timer, so the heap is the limit: about 11,600 running
 * operations exhaust a heap of 128 MB. A queued operation takes about 110 bytes.
 */
function defaultMaxRunning(): number {
  return Math.max(100, Math.floor(getHeapStatistics().heap_size_limit / HEAP_PER_RUNNING_BYTES));
}
