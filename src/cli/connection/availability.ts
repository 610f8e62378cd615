import { type CallOptions, Code, type OperationsApi, StatusError } from '../../index.js';

/** What is said, on standard error, of a server that does not answer. */
export const AWAY = 'server UNAVAILABLE, trying again';

/** Whether a call failed because the server could not be reached, or did not answer it in time. */
export function isAway(error: unknown): boolean {
  return (
    error instanceof StatusError && (error.code === Code.UNAVAILABLE || error.code === Code.DEADLINE_EXCEEDED)
  );
}

/**
 * Passes calls on, and tells when the server ceases to answer and when it answers again: waits put up with that,
 * and say nothing of it.
 */
export function tellingAvailability(api: OperationsApi, tell: (available: boolean) => void): OperationsApi {
  let available = true;
  const found = (now: boolean) => {
    if (now === available) return;
    available = now;
    tell(now);
  };
  const heard = async <Answer>(
    call: (options?: CallOptions) => Promise<Answer>,
    options?: CallOptions,
  ): Promise<Answer> => {
    try {
      const answer = await call(options);
      found(true);
      return answer;
    } catch (error) {
      // What the caller's own signal ended says nothing of the server.
      if (!options?.signal?.aborted) found(!isAway(error));
      throw error;
    }
  };
  return {
    getOperation: (request, options) => heard((call) => api.getOperation(request, call), options),
    listOperations: (request, options) => heard((call) => api.listOperations(request, call), options),
    cancelOperation: (request, options) => heard((call) => api.cancelOperation(request, call), options),
    deleteOperation: (request, options) => heard((call) => api.deleteOperation(request, call), options),
    waitOperation: (request, options) => heard((call) => api.waitOperation(request, call), options),
  };
}
