import { HttpRuleError } from '../../gateway/index.js';
import {
  type Authenticate,
  type AuthorizeStep,
  grpcLimits,
  type OperationStore,
  type OperationsOptions,
  type Telemetry,
} from '../../server/index.js';
import { DEFAULT_SCRIPT, type FakeServer, fakeServer } from '../../testing/server/faking.js';
import { badRule, UsageError } from '../output/failure.js';
import type { CallFile } from './call-file.js';
import type { Log } from './log.js';
import type { ListenSettings, TransportLimits } from './options.js';
import type { ServedProtos } from './served-protos.js';

/** Settings of the faked servers. */
export interface FakedServersSettings extends Pick<ListenSettings, 'speaks'> {
  /** Store of the operations. */
  readonly store: OperationStore;
  /** Access policy; undefined permits everything. */
  readonly authorize: readonly AuthorizeStep[] | undefined;
  /** Undefined if metrics are not collected. */
  readonly telemetry?: Telemetry | undefined;
  /** Limits of operations and of callers. */
  readonly limits: Pick<
    OperationsOptions,
    | 'maxRunning'
    | 'maxUnfinished'
    | 'maxPageBytes'
    | 'maxResultBytes'
    | 'maxCallsPerCaller'
    | 'maxWaitsPerCaller'
    | 'ratePerSecond'
    | 'refusalsPerSecond'
  >;
  /** Limits of requests in progress. */
  readonly transport: TransportLimits;
}

/**
 * Creates a gRPC server of the faked services, like a test server, and a gateway in front of it unless REST is off.
 *
 * @param recording - receives every call when it ends.
 * @throws UsageError if the protos or their HTTP rules cannot be served.
 */
export function fakedServers(
  { schema, script = DEFAULT_SCRIPT, serviceConfig }: ServedProtos,
  { store, speaks, authorize, telemetry, limits, transport }: FakedServersSettings,
  recording: CallFile | undefined,
  logger: Log,
): FakeServer {
  try {
    // No call arrives before `fake` is assigned.
    const authenticate: Authenticate = (call) => fake.operations.authenticate(call);
    const fake: FakeServer = fakeServer({
      apis: [{ schema, script }],
      operations: { store, logger, authorize, telemetry, ...limits },
      grpc: grpcLimits({ ...transport, ...(authorize && { authenticate }) }),
      rest:
        speaks === 'gRPC' ? 'off' : { logger, limits: transport, ...(serviceConfig && { serviceConfig }) },
      recording: recording ? 'told' : 'off',
      ...(recording && { onCall: (call) => recording.add(call) }),
    });
    return fake;
  } catch (cause) {
    if (cause instanceof HttpRuleError) {
      const remedy = 'replace it with --service-config, or serve without REST with --grpc-only';
      throw badRule(cause, schema.files, remedy);
    }
    const fault = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`the services cannot be served: ${fault}; correct their protos`, { cause });
  }
}
