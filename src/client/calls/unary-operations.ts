import {
  CancelOperationRequest,
  DeleteOperationRequest,
  GetOperationRequest,
  ListOperationsRequest,
  OperationsService,
  WaitOperationRequest,
} from '../../../generated/google/longrunning/operations.js';
import type { CallOptions, OperationsApi } from '../../core/operations-api.js';
import type { UnaryMethod } from './connection.js';

/** Makes one call, whichever of the five. */
export type UnaryCall = <Request extends { name: string }, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  options?: CallOptions,
) => Promise<Response>;

/** The five methods, each by one call. */
export function unaryOperations(call: UnaryCall): OperationsApi {
  const { getOperation, listOperations, cancelOperation, deleteOperation, waitOperation } = OperationsService;
  return {
    getOperation: async (request, options) =>
      call(getOperation, GetOperationRequest.fromPartial(request), options),
    listOperations: async (request, options) =>
      call(listOperations, ListOperationsRequest.fromPartial(request), options),
    cancelOperation: async (request, options) => {
      await call(cancelOperation, CancelOperationRequest.fromPartial(request), options);
    },
    deleteOperation: async (request, options) => {
      await call(deleteOperation, DeleteOperationRequest.fromPartial(request), options);
    },
    waitOperation: async (request, options) =>
      call(waitOperation, WaitOperationRequest.fromPartial(request), options),
  };
}
