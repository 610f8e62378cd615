import { type SafeLogger, type SuppliedLogger, safeLogger } from '../safe-logger.js';

/** Where the server reports what no client is told. A pino logger is one. */
export interface Logger {
  /** `facts.err` is the cause. */
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
  /** Reports conditions that the operator of the server can improve. Left out: `error` reports them. */
  warn?(facts: Readonly<Record<string, unknown>>, message: string): void;
  /**
   * Is told of every call that is answered, and of work that begins and ends: names, codes and times, never what a
   * request, a response or metadata holds. Left out, as by the default: nobody is.
   */
  debug?(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** Wraps the logger that a server was given, if any, so that no call of it fails. */
export function serverLogger(supplied?: SuppliedLogger | null): SafeLogger {
  return safeLogger(supplied, 'longrunning');
}

/** Reports a condition that the operator of the server can improve. */
export function warn(logger: Logger, message: string): void {
  if (logger.warn) logger.warn({}, message);
  else logger.error({}, message);
}

/** A logger that adds facts to all that it is told. */
export function loggerWith(logger: Logger, more: Readonly<Record<string, unknown>>): Logger {
  return {
    error: (facts, message) => logger.error({ ...facts, ...more }, message),
    ...(logger.warn && { warn: (facts, message) => logger.warn?.({ ...facts, ...more }, message) }),
    ...(logger.debug && { debug: (facts, message) => logger.debug?.({ ...facts, ...more }, message) }),
  };
}
