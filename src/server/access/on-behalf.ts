import type { OperationsApi } from '../../core/operations-api.js';
import { OperationsService } from '../grpc/grpc-handlers.js';
import type { InProcessOperations } from '../service/operations-service.js';
import type { CallFacts } from './call-facts.js';
import { type AccessControl, type Admission, inCall, inWait } from './gate.js';

/** Origin of a call that another transport received. */
export type CallOrigin = Pick<CallFacts, 'headers' | 'peer'>;

/** Creates the in-process five methods for a caller, with authorization and caller limits. */
export function onBehalfOf(
  origin: CallOrigin,
  service: InProcessOperations,
  access: AccessControl,
): OperationsApi {
  const answered = <Result>(
    { path }: { readonly path: string },
    { name }: { readonly name: string },
    answer: (admission: Admission) => Promise<Result>,
  ) => inCall(access, { method: path, name, headers: origin.headers, peer: origin.peer }, answer);
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
        return access.limits ? inWait(access.limits, admission, origin.peer, wait) : wait();
      }),
  };
}
