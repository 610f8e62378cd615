import type { handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js';
import {
  OperationsService as GeneratedService,
  ListOperationsResponse,
  Operation,
  type OperationsServer,
} from '../../generated/google/longrunning/operations.js';
import { Empty } from '../../generated/google/protobuf/empty.js';
import { encodeMessage } from '../encode.js';
import { toServerError } from '../grpc-status.js';
import type { MessageType } from '../operation-method.js';
import type { CallOptions, OperationsApi } from '../operations-api.js';
import { Code, StatusError } from '../status.js';
import { internalError } from './internal-error.js';
import type { Logger } from './logger.js';
import { strictService } from './strict-service.js';

const strict = strictService(GeneratedService);

/**
 * The gRPC definition of `google.longrunning.Operations`, for `server.addService`. Unlike the generated one it
 * refuses bytes that are no message.
 */
export const OperationsService: typeof GeneratedService = {
  listOperations: { ...strict.listOperations, responseSerialize: encoder(ListOperationsResponse) },
  getOperation: { ...strict.getOperation, responseSerialize: encoder(Operation) },
  deleteOperation: { ...strict.deleteOperation, responseSerialize: encoder(Empty) },
  cancelOperation: { ...strict.cancelOperation, responseSerialize: encoder(Empty) },
  waitOperation: { ...strict.waitOperation, responseSerialize: encoder(Operation) },
};

/** Serves the five methods over gRPC. */
export function grpcHandlers(api: OperationsApi, logger: Logger): OperationsServer {
  const { getOperation, listOperations, cancelOperation, deleteOperation, waitOperation } = OperationsService;
  return {
    getOperation: unary(getOperation.path, logger, (call) => api.getOperation(call.request)),
    listOperations: unary(listOperations.path, logger, (call) => api.listOperations(call.request)),
    cancelOperation: unary(cancelOperation.path, logger, async (call) => {
      await api.cancelOperation(call.request);
      return {};
    }),
    deleteOperation: unary(deleteOperation.path, logger, async (call) => {
      await api.deleteOperation(call.request);
      return {};
    }),
    waitOperation: unary(waitOperation.path, logger, (call) =>
      api.waitOperation(call.request, longCallOptions(call)),
    ),
  };
}

/**
 * A grpc-js handler that answers what `respond` resolves to, and its StatusErrors with their details. Anything
 * else that is thrown goes to the log, and out as "internal error" (contract 33).
 */
export function unary<Request, Response>(
  path: string,
  logger: Logger,
  respond: (call: ServerUnaryCall<Request, Response>) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return async (call, callback) => {
    try {
      callback(null, await respond(call));
    } catch (thrown) {
      if (!(thrown instanceof StatusError))
        logger.error({ err: thrown, method: path }, 'call failed unexpectedly');
      callback(toServerError(thrown instanceof StatusError ? thrown : internalError(path, thrown)));
    }
  };
}

/** Deadline and end of a call that may take long. The quick ones leave both to grpc-js. */
function longCallOptions(call: ServerUnaryCall<unknown, unknown>): CallOptions {
  const controller = new AbortController();
  call.once('cancelled', () => controller.abort(new StatusError(Code.CANCELLED, 'the caller went away')));
  const timeoutMs = Number(call.getDeadline()) - Date.now();
  const { signal } = controller;
  return Number.isFinite(timeoutMs) ? { signal, timeoutMs: Math.max(0, timeoutMs) } : { signal };
}

function encoder<Message>(type: Pick<MessageType<Message>, 'encode'>): (message: Message) => Buffer {
  return (message) => encodeMessage(type, message);
}
