import type { handleServerStreamingCall, Server } from '@grpc/grpc-js';
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  HealthService,
  HealthCheckResponse_ServingStatus as WireStatus,
} from '../../../generated/health/v1/health.js';
import { serverLogger } from '../../core/logger.js';
import { Code, kitError, quoted, type StatusError } from '../../core/status.js';
import { smallRequestService, unary } from '../grpc/grpc-handlers.js';
import type { OperationsHealth, ServingStatus } from './operations-health.js';

const definition = smallRequestService(HealthService);

/**
 * Adds `grpc.health.v1.Health` to a server: SERVING while the store of the operations answers, NOT_SERVING while it does not and
 * once the operations are closing. The empty service name stands for the whole server.
 *
 * @param options - `services`: full names of further services that share the health of the operations.
 *
 * @example
 * ```ts
 * server.addService(OperationsService, operations.handlers);
 * addHealth(server, operations);
 * ```
 */
export function addHealth(
  server: Server,
  {
    health,
  }: {
    readonly health: {
      readonly services: ReadonlySet<string>;
      check(): Promise<'SERVING' | 'NOT_SERVING'>;
      watch(listener: { changed(condition: 'SERVING' | 'NOT_SERVING'): void; ended(): void }): () => void;
    };
  },
  { services = [] }: { readonly services?: readonly string[] | undefined } = {},
): void {
  const isKnown = (service: string) =>
    service === '' || health.services.has(service) || services.includes(service);
  const logger = serverLogger();
  server.addService(definition, {
    check: unary<HealthCheckRequest, HealthCheckResponse>(
      definition.check.path,
      logger,
      async ({ request: { service } }) => {
        if (!isKnown(service)) throw unknownService(service);
        return { status: WireStatus[await health.check()] };
      },
    ),
    list: unary(definition.list.path, logger, async () => {
      const status = WireStatus[await health.check()];
      const names = ['', ...health.services, ...services];
      return { statuses: Object.fromEntries(names.map((name) => [name, { status }])) };
    }),
    watch: watching(health, isKnown),
  });
}

function watching(
  health: OperationsHealth,
  isKnown: (service: string) => boolean,
): handleServerStreamingCall<HealthCheckRequest, HealthCheckResponse> {
  return (call) => {
    const { service } = call.request;
    let sent: WireStatus | undefined;
    const changed = (condition: ServingStatus) => {
      // An unknown service may be added later (health.proto).
      const status = isKnown(service) ? WireStatus[condition] : WireStatus.SERVICE_UNKNOWN;
      if (status === sent) return;
      sent = status;
      call.write({ status });
    };
    const stopWatching = health.watch({ changed, ended: () => call.end() });
    call.once('cancelled', stopWatching);
  };
}

function unknownService(service: string): StatusError {
  const message = `service ${quoted(service)} is not served here: use "" or the name of a served service`;
  return kitError(Code.NOT_FOUND, 'SERVICE_UNKNOWN', message, { metadata: { service } });
}
