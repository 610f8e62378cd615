import type { OperationsApi } from '../../core/operations-api.js';
import { readOperation } from '../../core/read-operation.js';

/** Wraps the five methods to return Operation messages in the form of the kit, for any form of the implementation. */
export function readingOperations(api: OperationsApi): OperationsApi {
  return {
    getOperation: async (request, options) => readOperation(await api.getOperation(request, options)),
    async listOperations(request, options) {
      const page = await api.listOperations(request, options);
      return { ...page, operations: page.operations.map((operation) => readOperation(operation)) };
    },
    cancelOperation: (request, options) => api.cancelOperation(request, options),
    deleteOperation: (request, options) => api.deleteOperation(request, options),
    waitOperation: async (request, options) => readOperation(await api.waitOperation(request, options)),
  };
}
