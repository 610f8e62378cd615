import type { OperationsApi } from '../../operations-api.js';
import { OperationsService } from '../grpc-handlers.js';
import type { InProcessOperations } from '../operations-service.js';
import type { CallFacts } from './call-facts.js';
import { type Entry, enter, inWait } from './entry.js';

/** Where a call comes from that another transport has taken. */
export type Origin = Pick<CallFacts, 'headers' | 'peer'>;

/** The five methods in process, for a caller who has to be let in, and is counted. */
export function onBehalfOf(origin: Origin, service: InProcessOperations, entry: Entry): OperationsApi {
  const admit = ({ path }: { readonly path: string }, { name }: { readonly name: string }) =>
    enter(entry, { method: path, name, headers: origin.headers, peer: origin.peer });
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
      const admission = await admit(OperationsService.waitOperation, request);
      return inWait(entry, admission, origin.peer, () => service.waitOperation(request, options));
    },
  };
}
