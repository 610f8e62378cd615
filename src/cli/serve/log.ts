import { destination, type Logger, pino } from 'pino';
import type { LogLevel } from './observing-options.js';

/** How many causes of an error are told. */
const MOST_CAUSES = 5;

/**
 * A log on standard error, an object a line. Of errors it has what says what went wrong, and none of the other things
 * that libraries hang on them: requests, their headers, configurations.
 */
export function openLog(level: LogLevel): Logger {
  const serializers = { err: (error: unknown) => errorFacts(error, MOST_CAUSES) };
  return pino({ base: null, level, serializers }, destination({ fd: 2, sync: true }));
}

function errorFacts(error: unknown, causes: number): unknown {
  if (typeof error !== 'object' || error === null) return { message: String(error) };
  const { name, message, stack, code, cause } = error as Error & { readonly code?: unknown };
  const known = typeof code === 'string' || typeof code === 'number';
  return {
    type: name,
    message,
    stack,
    ...(known && { code }),
    ...(cause !== undefined && causes > 0 && { cause: errorFacts(cause, causes - 1) }),
  };
}
