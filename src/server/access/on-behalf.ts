import type { OperationsApi } from '../../operations-api.js';
import { OperationsService } from '../grpc-handlers.js';
import type { InProcessOperations } from '../operations-service.js';
import type { CallFacts } from './call-facts.js';
import type { Gate } from './gate.js';

/** Where a call comes from that another transport has taken. */
export type Origin = Pick<CallFacts, 'headers' | 'peer'>;

/** The five methods in process, for a caller who has to be let in. */
export function onBehalfOf(origin: Origin, service: InProcessOperations, gate: Gate): OperationsApi {
  const admit = ({ path }: { readonly path: string }, { name }: { readonly name: string }) =>
    gate.admit({ method: path, name, headers: origin.headers, peer: origin.peer });
  return {
    async getOperation(request, options) {
      await admit(OperationsService.getOperation, request);
      return service.getOperation(request, options);
    },
    async listOperations(request, options) {
      const admission = await admit(OperationsService.listOperations, request);
      return service.listOperations(request, options, admission);
    },
    async cancelOperation(request, options) {
      await admit(OperationsService.cancelOperation, request);
      return service.cancelOperation(request, options);
    },
    async deleteOperation(request, options) {
      await admit(OperationsService.deleteOperation, request);
      return service.deleteOperation(request, options);
    },
    async waitOperation(request, options) {
      await admit(OperationsService.waitOperation, request);
      return service.waitOperation(request, options);
    },
  };
}
