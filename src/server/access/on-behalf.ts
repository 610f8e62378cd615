import type { OperationsApi } from '../../core/operations-api.js';
import { OperationsService } from '../grpc/grpc-handlers.js';
import type { InProcessOperations } from '../service/operations-service.js';
import type { CallFacts } from './call-facts.js';
import { type Admission, type Entry, inCall, inWait } from './gate.js';

/** Where a call comes from that another transport has taken. */
export type Origin = Pick<CallFacts, 'headers' | 'peer'>;

/** The five methods in process, for a caller who has to be let in, and is counted. */
export function onBehalfOf(origin: Origin, service: InProcessOperations, entry: Entry): OperationsApi {
  const answered = <Result>(
    { path }: { readonly path: string },
    { name }: { readonly name: string },
    answer: (admission: Admission) => Promise<Result>,
  ) => inCall(entry, { method: path, name, headers: origin.headers, peer: origin.peer }, answer);
  return {
    getOperation: (request, options) =>
      answered(OperationsService.getOperation, request, () => service.getOperation(request, options)),
    listOperations: (request, options) =>
      answered(OperationsService.listOperations, request, (admission) =>
        service.listOperations(request, options, admission),
      ),
    cancelOperation: (request, options) =>
      answered(OperationsService.cancelOperation, request, () => service.cancelOperation(request, options)),
    deleteOperation: (request, options) =>
      answered(OperationsService.deleteOperation, request, () => service.deleteOperation(request, options)),
    waitOperation: (request, options) =>
      answered(OperationsService.waitOperation, request, (admission) => {
        const wait = () => service.waitOperation(request, options);
        return entry.limits ? inWait(entry.limits, admission, origin.peer, wait) : wait();
      }),
  };
}
