import { contain } from './contain.js';

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

/** Writes one entry of a log; `facts.err` is the cause. */
export type LogMethod = (facts: Readonly<Record<string, unknown>>, message: string) => unknown;

/** A logger as users supply one. From JavaScript, any of its methods may be missing. */
export interface SuppliedLogger {
  readonly error?: LogMethod;
  readonly warn?: LogMethod;
  readonly info?: LogMethod;
  readonly debug?: LogMethod;
}

/** A logger whose methods never throw and never reject. */
export interface SafeLogger {
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
  /** Calls `error` where the supplied logger has no `warn`. */
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
  info(facts: Readonly<Record<string, unknown>>, message: string): void;
  /** Absent where the supplied logger has none, so that nobody prepares entries that are not written. */
  debug?(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/**
 * Wraps a logger that a user supplied, so that no call of it can fail. An error that it cannot take is written to standard error
 * instead, with the reason.
 *
 * @param supplied - undefined: errors go to standard error.
 * @param prefix - begins each line on standard error.
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
    // Read each time, for loggers replace their methods when their level changes.
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

/** Without the facts where they cannot be printed, as when reading them throws. */
function writeError(message: string, facts: Readonly<Record<string, unknown>>): void {
  contain(
    () => console.error(message, facts),
    () => contain(() => console.error(message), ignore),
  );
}

const ignore = () => {};

/** Wraps the logger that a gateway or a port was given, if any, so that no call of it fails. */
export function gatewayLogger(supplied?: SuppliedLogger | null): SafeLogger {
  return safeLogger(supplied, 'longrunning gateway');
}
