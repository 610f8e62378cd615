import {
  type ClientUnaryCall,
  credentials,
  type CallOptions as GrpcCallOptions,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  CancelOperationRequest,
  DeleteOperationRequest,
  GetOperationRequest,
  ListOperationsRequest,
  OperationsClient as OperationsStub,
  WaitOperationRequest,
} from '../../generated/google/longrunning/operations.js';
import type { CallOptions, OperationsApi } from '../core/operations-api.js';
import { onAbort } from '../core/signals.js';
import { StatusError } from '../core/status.js';

type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<GrpcCallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/** The five methods over a real socket and the generated stub, without any client code in between. */
export interface GrpcOperations extends OperationsApi, Disposable {}

export function grpcOperations(address: string): GrpcOperations {
  const stub = new OperationsStub(address, credentials.createInsecure());
  return {
    getOperation: (request, options) =>
      unary(stub.getOperation.bind(stub), GetOperationRequest.fromPartial(request), options),
    listOperations: (request, options) =>
      unary(stub.listOperations.bind(stub), ListOperationsRequest.fromPartial(request), options),
    async cancelOperation(request, options) {
      await unary(stub.cancelOperation.bind(stub), CancelOperationRequest.fromPartial(request), options);
    },
    async deleteOperation(request, options) {
      await unary(stub.deleteOperation.bind(stub), DeleteOperationRequest.fromPartial(request), options);
    },
    waitOperation: (request, options) =>
      unary(stub.waitOperation.bind(stub), WaitOperationRequest.fromPartial(request), options),
    [Symbol.dispose]: () => stub.close(),
  };
}

/** Makes a unary call. `timeoutMs` is its deadline; aborting `signal` cancels it. */
export function unary<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  { timeoutMs, signal, headers = {} }: CallOptions = {},
): Promise<Response> {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    let stopListening = () => {};
    const call = method(request, metadata, options, (error, response) => {
      stopListening();
      if (error) reject(StatusError.from(error));
      else resolve(response);
    });
    if (!signal) return;
    stopListening = onAbort(signal, (reason) => {
      call.cancel();
      reject(reason);
    });
  });
}
