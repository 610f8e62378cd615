import { getHeapStatistics } from 'node:v8';
import type { Server, ServerOptions } from '@grpc/grpc-js';
import { type Authenticate, authenticationInterceptor, isAuthenticating } from '../../core/authenticate.js';
import { type Clock, systemClock } from '../../core/clock.js';
import { contain } from '../../core/contain.js';
import { safeLogger } from '../../core/logger.js';
import { withDefaults } from '../../core/options.js';
import { addReflection, type Gateway, type Reflection } from '../../gateway/index.js';
import {
  addHealth,
  createOperations,
  memoryStore,
  type Operations,
  type OperationsOptions,
  OperationsService,
} from '../../server/index.js';
import { CallConnections } from '../calls/call-connections.js';
import { callInterceptor } from '../calls/call-interceptor.js';
import { CallLog } from '../calls/call-log.js';
import { ConnectionServer } from '../calls/grpc-connections.js';
import type { RecordedCall } from '../calls/recorded-call.js';
import { RestFront } from '../calls/rest-front.js';
import { StubbedOperations } from '../faking/stubbed-operations.js';
import { AnswerHistory } from '../faults/answer-history.js';
import type { Fault } from '../faults/fault.js';
import { FaultPlan, type PlannedFault } from '../faults/fault-plan.js';
import type { Script } from '../script/script.js';
import type { ScriptSource } from '../script/script-source.js';
import {
  type ApiSource,
  type FakedApi,
  FakedApis,
  type FakeOptions,
  type RestSettings,
} from './faked-apis.js';

/**
 * What becomes of calls: all are kept, to be looked at; only those that are open, of which `onCall` is told when they
 * end; or none.
 */
export type Recording = 'kept' | 'told' | 'off';

/** What {@link fakeServer} takes. */
export interface FakeServerOptions {
  /** What it fakes from the start. More may come later, but work of theirs that a store has kept is not gone on with. @defaultValue nothing */
  readonly apis?: readonly FakedApi[];
  /** @defaultValue the machine's */
  readonly clock?: Clock;
  /** How operations are kept and answered. @defaultValue as `createOperations` has it, in memory, and any number run at once */
  readonly operations?: Omit<OperationsOptions, 'methods' | 'clock'>;
  /** Of the gRPC server; interceptors of yours come after those that record calls and have them meet faults. @defaultValue none */
  readonly grpc?: ServerOptions;
  /** Of the gateway; `off`: none, and HTTP rules may be wrong. @defaultValue as `createGateway` has it */
  readonly rest?: RestSettings | 'off';
  /** @defaultValue 'kept' */
  readonly recording?: Recording;
  /** Is told of every call when it ends, if any are recorded. @defaultValue nobody is */
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
} satisfies FakeServerOptions as Required<FakeServerOptions>;

/** All of a test server but where it listens: its owner has `servePort` do that, and ends `operations` and the others. */
export interface FakeServer {
  /** Serves what it fakes, and `google.longrunning.Operations`; yours may be added. */
  readonly server: Server;
  /** Answers REST; undefined when that is off. */
  readonly gateway: Gateway | undefined;
  readonly operations: Operations;
  /** The calls that are open, and before those the others if they are kept. */
  readonly calls: readonly RecordedCall[];
  /** What still goes wrong, in order. */
  readonly faults: readonly PlannedFault[];
  /**
   * Has everything go by this script from now on, in place of all others, and its faults be those that there are.
   * Operations that run go on as they began.
   */
  replaceScript(script: Script): void;
}

/**
 * Fakes APIs, by scripts that may change, and has calls meet faults: what `startTestServer` and `longrunning serve` are
 * made of, for who listens in a way of their own.
 *
 * @throws HttpRuleError when two methods have the same HTTP path; SchemaError, TypeError when services cannot be served.
 *
 * @example
 * ```ts
 * import { servePort } from 'longrunning/gateway';
 * import { fakeServer, loadSchema, parseScript } from 'longrunning/testing';
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

/** A {@link FakeServer}, and what test servers do with it besides. */
export class FakedApiServer implements FakeServer {
  readonly server: ConnectionServer;
  readonly operations: Operations;
  readonly apis: FakedApis;
  readonly plan = new FaultPlan();
  readonly log: CallLog;
  /** Operations that the next calls of some methods are answered with. */
  readonly held = new StubbedOperations();
  readonly #history = new AnswerHistory();
  readonly #rest: RestFront | undefined;
  readonly #reflection: Reflection;

  constructor(options: FakeServerOptions = {}) {
    const { apis, clock, operations, grpc, rest, recording, onCall } = withDefaults(DEFAULTS, options);
    const logger = safeLogger(operations.logger, 'longrunning');
    this.log = new CallLog(clock, {
      keeps: recording === 'kept' ? 'all' : 'open',
      onCall: (call) =>
        contain(
          () => onCall(call),
          (err) => logger.error({ err }, 'onCall failed'),
        ),
    });
    // Without authorization callers show no token, so OpenAPI must not ask for one.
    const openApi = operations.authorize ? {} : { openApi: { scopes: [] } };
    // Operations come later: their methods are those of the APIs.
    const authenticate: Authenticate = (call) => this.operations.authenticate(call);
    const guarding = operations.authorize && { authenticate };
    this.apis = new FakedApis({
      clock,
      rest: rest === 'off' ? {} : { ...openApi, ...guarding, ...rest },
      apis,
    });
    const connections = new CallConnections();
    const interceptor = callInterceptor({
      methodAt: (path) => (recording === 'off' && this.plan.isSpent ? undefined : this.apis.methodAt(path)),
      log: this.log,
      faults: this.plan,
      history: this.#history,
      // Who keeps calls may ask for any of their answers later; others say at once what they want.
      remembersAnswers: () => recording === 'kept' || this.plan.repeatsAnswers,
      held: this.held,
      connections,
      clock,
    });
    const interceptors = [interceptor, ...(grpc.interceptors ?? [])];
    if (guarding && !interceptors.some(isAuthenticating))
      interceptors.push(authenticationInterceptor(authenticate));
    this.server = new ConnectionServer({ ...grpc, interceptors }, connections);
    // Before work is begun: a rule may be refused, and then there is nothing to end.
    this.#rest = rest === 'off' ? undefined : new RestFront(this.apis.gateway(this.server), connections);
    this.operations = createOperations({
      store: memoryStore(),
      ...operations,
      methods: this.apis.methods,
      clock,
      concurrency: operations.concurrency ?? defaultMaxRunning(),
    });
    this.server.addService(OperationsService, this.operations.handlers);
    this.apis.serve(this.server, this.operations);
    const services = this.apis.schema.services.map(({ typeName }) => typeName);
    addHealth(this.server, this.operations, { services });
    this.#reflection = addReflection(this.server, this.apis.reflection());
    this.#addFaults(apis.flatMap(({ script }) => script.faults));
  }

  get gateway(): Gateway | undefined {
    return this.#rest?.gateway;
  }

  get calls(): readonly RecordedCall[] {
    return this.log.list();
  }

  get faults(): readonly PlannedFault[] {
    return this.plan.list();
  }

  /** Fakes one more API. @throws SchemaError, ScriptError, HttpRuleError */
  async fake(source: ApiSource, options: FakeOptions = {}): Promise<void> {
    const { script, gateway } = await this.apis.add(source, options);
    this.#rest?.replace(gateway);
    this.#reflection.replace(this.apis.reflection());
    this.#addFaults(script.faults);
  }

  /** Says anew how the methods go that the script names, and adds its faults. @throws ScriptError */
  script(source: ScriptSource | string): void {
    this.#addFaults(this.apis.script(source).faults);
  }

  replaceScript(script: Script): void {
    this.apis.replaceScript(script);
    this.plan.clear();
    this.#addFaults(script.faults);
  }

  /** Takes away faults, calls, resources and what `script` said. */
  reset(): void {
    this.plan.clear();
    this.#history.clear();
    this.held.clear();
    this.log.clear();
    this.apis.reset();
  }

  #addFaults(faults: readonly Fault[]): void {
    this.plan.add(...faults);
  }
}

/** Heap reserved for each operation that runs: about twice what one takes, its calls included. */
const HEAP_PER_RUNNING_BYTES = 24 * 1024;

/**
 * Operations that run at once unless a limit is set. Faked work is only a timer, so the heap is what limits it: without a limit,
 * about 11,600 running operations exhaust a heap of 128 MB. A queued operation takes some 110 bytes.
 */
function defaultMaxRunning(): number {
  return Math.max(100, Math.floor(getHeapStatistics().heap_size_limit / HEAP_PER_RUNNING_BYTES));
}
