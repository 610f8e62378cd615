import { Server } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { createGateway, type Gateway } from '../../gateway/index.js';
import {
  createOperations,
  type OperationStore,
  type Operations,
  OperationsService,
} from '../../server/index.js';
import { fakeServices } from '../../testing/index.js';
import { badRule } from '../bad-rule.js';
import type { Answering, ListenSettings } from '../listen.js';
import type { ServedProtos } from '../served-protos.js';
import { UsageError } from '../usage-error.js';

/** What answers once ports are listened on. */
export interface FakedServers extends Answering {
  readonly operations: Operations;
}

/** What the servers are made with. */
export interface FakedServersSettings extends Pick<ListenSettings, 'speaks'> {
  /** Where operations are kept. */
  readonly store: OperationStore;
}

/**
 * Makes a gRPC server of what is faked, and a gateway before it unless REST is not spoken.
 *
 * @throws UsageError when the protos, or their HTTP rules, cannot be served.
 */
export function fakedServers(
  served: ServedProtos,
  { store, speaks }: FakedServersSettings,
  logger: Logger,
): FakedServers {
  const server = new Server();
  // Before work is begun: the gateway may be refused, and then there is nothing to end.
  const gateway = speaks === 'gRPC' ? undefined : restGateway(server, served, logger);
  return { server, gateway, operations: fakeOperations(server, served, store, logger) };
}

/** What keeps the services from being served is wrong with their protos. */
function fakeOperations(
  server: Server,
  { schema, script }: ServedProtos,
  store: OperationStore,
  logger: Logger,
): Operations {
  try {
    const services = fakeServices(schema, script ? { script } : {});
    // Faked work is a timer: there is no telling how many a test wants at once, and no harm in many.
    const concurrency = Number.POSITIVE_INFINITY;
    const operations = createOperations({ store, methods: services.methods, concurrency, logger });
    server.addService(OperationsService, operations.handlers);
    services.addTo(server, operations);
    return operations;
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`the services cannot be served: ${fault}; correct their protos`, { cause });
  }
}

function restGateway(server: Server, { schema, serviceConfig }: ServedProtos, logger: Logger): Gateway {
  const { registry: descriptors, annotationOf } = schema;
  const config = serviceConfig && { serviceConfig };
  try {
    return createGateway({ server, descriptors, annotationOf, ...config, logger });
  } catch (error) {
    throw badRule(
      error,
      schema.files,
      'replace it with --service-config, or serve without REST with --grpc-only',
    );
  }
}
