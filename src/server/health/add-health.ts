import type { handleServerStreamingCall, Server } from '@grpc/grpc-js';
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../../generated/health/v1/health.js';
import { serverLogger } from '../../core/logger.js';
import { Code, kitError, quoted, type StatusError } from '../../core/status.js';
import { smallRequestService, unary } from '../grpc/grpc-handlers.js';
import type { Condition, OperationsHealth } from './operations-health.js';

/** What {@link addHealth} takes besides. */
export interface HealthOptions {
  /**
   * Full names of further services of the server whose health is that of its operations.
   *
   * @defaultValue none: `google.longrunning.Operations` and the services whose methods start operations
   */
  readonly services?: readonly string[];
}

const definition = smallRequestService(HealthService);

/**
 * Adds `grpc.health.v1.Health` to a server: SERVING while the store of the operations answers, NOT_SERVING while it does
 * not, and from the moment that the operations are told to close. The empty name stands for the server as a whole.
 *
 * @example
 * ```ts
 * server.addService(OperationsService, operations.handlers);
 * addHealth(server, operations);
 * ```
 */
export function addHealth(
  server: Server,
  { health }: { readonly health: OperationsHealth },
  { services = [] }: HealthOptions = {},
): void {
  const knows = (service: string) =>
    service === '' || health.services.has(service) || services.includes(service);
  const logger = serverLogger();
  server.addService(definition, {
    check: unary<HealthCheckRequest, HealthCheckResponse>(
      definition.check.path,
      logger,
      async ({ request: { service } }) => {
        if (!knows(service)) throw unknownService(service);
        return { status: ServingStatus[await health.check()] };
      },
    ),
    list: unary(definition.list.path, logger, async () => {
      const status = ServingStatus[await health.check()];
      const names = ['', ...health.services, ...services];
      return { statuses: Object.fromEntries(names.map((name) => [name, { status }])) };
    }),
    watch: watching(health, knows),
  });
}

function watching(
  health: OperationsHealth,
  knows: (service: string) => boolean,
): handleServerStreamingCall<HealthCheckRequest, HealthCheckResponse> {
  return (call) => {
    const { service } = call.request;
    let told: ServingStatus | undefined;
    const changed = (condition: Condition) => {
      // A service that is not known may come to be (health.proto).
      const status = knows(service) ? ServingStatus[condition] : ServingStatus.SERVICE_UNKNOWN;
      if (status === told) return;
      told = status;
      call.write({ status });
    };
    const stopWatching = health.watch({ changed, ended: () => call.end() });
    call.once('cancelled', stopWatching);
  };
}

function unknownService(service: string): StatusError {
  const message = `service ${quoted(service)} is not served here: ask for "" or a service that is`;
  return kitError(Code.NOT_FOUND, 'SERVICE_UNKNOWN', message, { metadata: { service } });
}
