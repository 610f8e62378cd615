import { contain } from '../../core/contain.js';
import { safeLogger } from '../../core/logger.js';
import type { ConsumeOptions } from './operation-store.js';

const logger = safeLogger(undefined, 'longrunning');

/**
 * Logs an error thrown by a change listener. A store has no logger, and the author of the change did not cause the
 * error.
 */
export function reportListenerFailure(error: unknown): void {
  logger.error({ err: error }, 'listener to changes of a store failed');
}

/** Returns options whose callbacks cannot throw: they are called from timers and from promises that nobody awaits. */
export function withSafeCallbacks(options: ConsumeOptions): ConsumeOptions {
  const { onError, onWarning } = options;
  const reportFailure = (err: unknown) => logger.error({ err }, 'callback of a consumer failed');
  return {
    ...options,
    onError: (error) => contain(() => onError(error), reportFailure),
    ...(onWarning && { onWarning: (message: string) => contain(() => onWarning(message), reportFailure) }),
  };
}
