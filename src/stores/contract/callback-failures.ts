import { contain } from '../../core/contain.js';
import { safeLogger } from '../../core/logger.js';
import type { ConsumeOptions } from './operation-store.js';

const logger = safeLogger(undefined, 'longrunning');

/** Reports what a listener to changes threw. A store has no logger, and whoever made the change is not to blame. */
export function reportListenerFailure(error: unknown): void {
  logger.error({ err: error }, 'listener to changes of a store failed');
}

/** Returns options whose callbacks cannot fail: they are called from timers and from promises that nobody awaits. */
export function withSafeCallbacks(options: ConsumeOptions): ConsumeOptions {
  const { onError, onWarning } = options;
  const reportFailure = (err: unknown) => logger.error({ err }, 'callback of a consumer failed');
  return {
    ...options,
    onError: (error) => contain(() => onError(error), reportFailure),
    ...(onWarning && { onWarning: (message: string) => contain(() => onWarning(message), reportFailure) }),
  };
}
