import { contain } from './contain.js';

/** Log of the server, for details that clients do not receive. Compatible with pino. */
export interface Logger {
  /** `facts.err` is the cause. */
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
  /** Reports conditions that the server's operator can fix. If omitted, `error` reports them. */
  warn?(facts: Readonly<Record<string, unknown>>, message: string): void;
  /** Reports rare events, such as a renewed certificate. If omitted, these are not logged. */
  info?(facts: Readonly<Record<string, unknown>>, message: string): void;
  /**
   * Reports every answered call and the start and end of work: names, codes and durations, never the content
   * of requests, responses or metadata. If omitted (the default), these are not logged.
   */
  debug?(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** Wraps a server's logger so that its methods never fail. Without one, errors go to standard error. */
export function serverLogger(supplied?: SuppliedLogger | null): SafeLogger {
  return safeLogger(supplied, 'longrunning');
}

/** Reports a condition that the server's operator can fix. */
export function warn(logger: Logger, message: string): void {
  if (logger.warn) logger.warn({}, message);
  else logger.error({}, message);
}

/** Returns a logger that adds `more` to the facts of every entry. */
export function loggerWith(logger: Logger, more: Readonly<Record<string, unknown>>): Logger {
  return {
    error: (facts, message) => logger.error({ ...facts, ...more }, message),
    ...(logger.warn && { warn: (facts, message) => logger.warn?.({ ...facts, ...more }, message) }),
    ...(logger.info && { info: (facts, message) => logger.info?.({ ...facts, ...more }, message) }),
    ...(logger.debug && { debug: (facts, message) => logger.debug?.({ ...facts, ...more }, message) }),
  };
}

/** Writes one log entry; `facts.err` is the cause. */
export type LogMethod = (facts: Readonly<Record<string, unknown>>, message: string) => unknown;

/** Logger supplied by a user. In JavaScript, any of its methods may be missing. */
export interface SuppliedLogger {
  readonly error?: LogMethod;
  readonly warn?: LogMethod;
  readonly info?: LogMethod;
  readonly debug?: LogMethod;
}

/** A logger whose methods never throw and never reject. */
export interface SafeLogger {
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
  /** Calls `error` if the supplied logger has no `warn`. */
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
  info(facts: Readonly<Record<string, unknown>>, message: string): void;
  /** Undefined if the supplied logger has none, so that callers can skip building entries. */
  debug?(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/**
 * Wraps a user-supplied logger so that its methods never fail. Errors that it fails to log go to standard
 * error, with the reason.
 *
 * @param supplied - if undefined, errors go to standard error.
 * @param prefix - starts each line on standard error.
 */
export function safeLogger(supplied: SuppliedLogger | null | undefined, prefix: string): SafeLogger {
  const write = (
    level: keyof SuppliedLogger,
    facts: Readonly<Record<string, unknown>>,
    message: string,
  ): void => {
    const lost = (failure: unknown) => {
      writeError(`${prefix}: ${message}`, facts);
      writeError(`${prefix}: the logger failed`, { err: failure });
    };
    // Read each time: loggers replace their methods when their level changes.
    const method = methodOf(supplied, level);
    if (method) contain(() => method.call(supplied, facts, message), lost);
    else if (level === 'error') writeError(`${prefix}: ${message}`, facts);
  };
  return {
    error: (facts, message) => write('error', facts, message),
    warn: (facts, message) => write(methodOf(supplied, 'warn') ? 'warn' : 'error', facts, message),
    info: (facts, message) => write('info', facts, message),
    ...(methodOf(supplied, 'debug') && {
      debug: (facts: Readonly<Record<string, unknown>>, message: string) => write('debug', facts, message),
    }),
  };
}

function methodOf(
  logger: SuppliedLogger | null | undefined,
  level: keyof SuppliedLogger,
): LogMethod | undefined {
  const method: unknown = contain(() => logger?.[level], ignore);
  return typeof method === 'function' ? (method as LogMethod) : undefined;
}

/**
 * Writes to standard error, without the facts if they cannot be printed, for example because a getter throws.
 */
function writeError(message: string, facts: Readonly<Record<string, unknown>>): void {
  contain(
    () => console.error(message, facts),
    () => contain(() => console.error(message), ignore),
  );
}

const ignore = () => {};

/**
 * Wraps the logger of a gateway or port so that its methods never fail. Without one, errors go to standard
 * error.
 */
export function gatewayLogger(supplied?: SuppliedLogger | null): SafeLogger {
  return safeLogger(supplied, 'longrunning gateway');
}
