import type { CallOptions, OperationsApi } from '../../operations-api.js';
import { abortable } from '../../signals.js';

/**
 * The five methods of an implementation that is yet to come.
 *
 * @param coming - when it rejects, so does every call.
 */
export function deferredOperations(coming: Promise<OperationsApi>): OperationsApi {
  // Whoever makes a call is told; when nobody does, nobody has to be.
  coming.catch(() => {});
  const ready = (options: CallOptions | undefined) => abortable(coming, options?.signal);
  return {
    getOperation: async (request, options) => (await ready(options)).getOperation(request, options),
    listOperations: async (request, options) => (await ready(options)).listOperations(request, options),
    cancelOperation: async (request, options) => (await ready(options)).cancelOperation(request, options),
    deleteOperation: async (request, options) => (await ready(options)).deleteOperation(request, options),
    waitOperation: async (request, options) => (await ready(options)).waitOperation(request, options),
  };
}
