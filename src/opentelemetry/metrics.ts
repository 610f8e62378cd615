/** Definition of a metric. */
export interface MetricDefinition {
  readonly name: string;
  readonly kind: 'histogram' | 'up-down counter' | 'gauge';
  /** Unit in UCUM notation. */
  readonly unit: string;
  readonly description: string;
  /** Names of the attributes that its points may have. */
  readonly attributes: readonly string[];
  /** Upper bounds of the buckets of a histogram. */
  readonly buckets?: readonly number[];
}

/** Attribute names. Those of calls follow OpenTelemetry's semantic conventions (1.45, stable); the others are specific to the kit. */
export const Attribute = {
  RPC_SYSTEM: 'rpc.system.name',
  RPC_METHOD: 'rpc.method',
  RPC_STATUS: 'rpc.status_code',
  ERROR_TYPE: 'error.type',
  SERVER_ADDRESS: 'server.address',
  SERVER_PORT: 'server.port',
  PEER_ADDRESS: 'network.peer.address',
  PEER_PORT: 'network.peer.port',
  OPERATION: 'longrunning.operation.name',
  METHOD: 'longrunning.method',
  ATTEMPT: 'longrunning.attempt',
  STATE: 'longrunning.state',
  ENDING: 'longrunning.ending',
  VERB: 'longrunning.store.verb',
} as const;

/** Buckets that the conventions require for call durations. */
const CALL_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** Buckets from microseconds, for stores in memory, to seconds, for a remote database. */
const STORE_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10];
/** Buckets from a fraction of a second to a day. */
const WORK_BUCKETS = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600, 86_400];
/** Buckets for delays that should be short but depend on the work. */
const DELAY_BUCKETS = [0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600];

/** All metrics; `docs/observability.md` has the same list. */
export const METRICS = {
  callDuration: {
    name: 'rpc.server.call.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Measures the duration of incoming calls.',
    attributes: [Attribute.RPC_SYSTEM, Attribute.RPC_METHOD, Attribute.RPC_STATUS, Attribute.ERROR_TYPE],
    buckets: CALL_BUCKETS,
  },
  unfinished: {
    name: 'longrunning.operation.unfinished',
    kind: 'gauge',
    unit: '{operation}',
    description: 'Operations of the whole store that have not ended, of 100,000 at most.',
    attributes: [Attribute.METHOD, Attribute.STATE],
  },
  queueDuration: {
    name: 'longrunning.operation.queue.duration',
    kind: 'histogram',
    unit: 's',
    description:
      'Measures the time from the start of operations to their work being begun for the first time.',
    attributes: [Attribute.METHOD],
    buckets: DELAY_BUCKETS,
  },
  runDuration: {
    name: 'longrunning.operation.run.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Measures how long work ran, each attempt by itself.',
    attributes: [Attribute.METHOD, Attribute.ENDING, Attribute.ERROR_TYPE],
    buckets: WORK_BUCKETS,
  },
  runs: {
    name: 'longrunning.operation.run.active',
    kind: 'up-down counter',
    unit: '{run}',
    description: 'Work that runs in this process.',
    attributes: [Attribute.METHOD],
  },
  operationDuration: {
    name: 'longrunning.operation.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Measures the time from the start of operations to their end.',
    attributes: [Attribute.METHOD, Attribute.ENDING, Attribute.ERROR_TYPE],
    buckets: WORK_BUCKETS,
  },
  cancelDuration: {
    name: 'longrunning.operation.cancel.duration',
    kind: 'histogram',
    unit: 's',
    description:
      'Measures the time from the first request to cancel operations to their end, whatever that is.',
    attributes: [Attribute.METHOD, Attribute.ENDING],
    buckets: DELAY_BUCKETS,
  },
  waits: {
    name: 'longrunning.wait.active',
    kind: 'up-down counter',
    unit: '{wait}',
    description: 'Calls of WaitOperation that wait in this process.',
    attributes: [],
  },
  storeDuration: {
    name: 'longrunning.store.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Measures how long the store took to answer.',
    attributes: [Attribute.VERB, Attribute.ERROR_TYPE],
    buckets: STORE_BUCKETS,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
