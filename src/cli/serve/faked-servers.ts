import { HttpRuleError } from '../../gateway/index.js';
import {
  type Authenticate,
  type Authorization,
  type CallerLimitOptions,
  grpcLimits,
  type OperationStore,
  type OperationsOptions,
  type Telemetry,
} from '../../server/index.js';
import { DEFAULT_SCRIPT, type FakeServer, fakeServer } from '../../testing/server/faking.js';
import { badRule } from '../failures/bad-rule.js';
import { UsageError } from '../failures/usage-error.js';
import type { CallFile } from './call-file.js';
import type { TransportLimits } from './limit-options.js';
import type { ListenSettings } from './listen.js';
import type { Log } from './log.js';
import type { ServedProtos } from './served-protos.js';

/** What the servers are made with. */
export interface FakedServersSettings extends Pick<ListenSettings, 'speaks'> {
  /** Where operations are kept. */
  readonly store: OperationStore;
  /** Who may do what; undefined: everybody everything. */
  readonly authorize: Authorization | undefined;
  /** Undefined: nobody measures. */
  readonly telemetry?: Telemetry | undefined;
  /** How much is taken on. */
  readonly limits: CallerLimitOptions &
    Pick<OperationsOptions, 'concurrency' | 'maxUnfinished' | 'maxPageBytes' | 'maxResultBytes'>;
  /** How much may be under way on connections. */
  readonly transport: TransportLimits;
}

/**
 * Makes a gRPC server of what is faked, as test servers do, and a gateway before it unless REST is not spoken.
 *
 * @param recording - is told of every call when it ends.
 * @throws UsageError when the protos, or their HTTP rules, cannot be served.
 */
export function fakedServers(
  { schema, script = DEFAULT_SCRIPT, serviceConfig }: ServedProtos,
  { store, speaks, authorize, telemetry, limits, transport }: FakedServersSettings,
  recording: CallFile | undefined,
  logger: Log,
): FakeServer {
  try {
    // Calls come once there is a server.
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
