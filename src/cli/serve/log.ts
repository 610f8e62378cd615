import type { Logger } from '../../core/logger.js';
import { StatusError } from '../../index.js';
import type { LogLevel } from './options.js';

/** Upper bound on the causes of an error in one log line. */
const MAX_CAUSES = 5;

/** Upper bound on one text of an error, in UTF-16 code units: messages may have megabytes. */
const MAX_TEXT_LENGTH = 16 * 1024;

type Write = Logger['error'];

/** Log of a server. */
export interface Log extends Logger {
  readonly info: Write;
  readonly warn: Write;
}

/** Severities in the lines of the log, in ascending order. The numbers are those of pino and bunyan. */
const SEVERITY = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Infinity };

/**
 * Opens a log on standard error, one JSON object per line, in the format of pino. Errors are logged with type, message,
 * stack, code and cause. Other fields of errors are omitted: libraries attach requests, headers and configurations.
 *
 * `debug` exists only at levels `debug` and `trace`, so that other levels do not pay for the facts of every call.
 *
 * @param write - defaults to standard error. A full disk or a closed pipe loses lines and does not end the server, because
 * the command line handles errors of standard error.
 */
export function openLog(
  level: LogLevel,
  write: (line: string) => unknown = (line) => process.stderr.write(line),
): Log {
  const writing =
    (severity: keyof Log): Write =>
    (facts, message) => {
      if (SEVERITY[severity] >= SEVERITY[level]) write(logLine(SEVERITY[severity], facts, message));
    };
  const debug = level === 'debug' || level === 'trace' ? { debug: writing('debug') } : {};
  return { error: writing('error'), warn: writing('warn'), info: writing('info'), ...debug };
}

function logLine(level: number, { err, ...facts }: Parameters<Write>[0], msg: string): string {
  const shown = err === undefined ? facts : { ...facts, err: errorFacts(err, MAX_CAUSES) };
  return `${JSON.stringify({ level, time: Date.now(), ...shown, msg })}\n`;
}

/**
 * Reads an error for the log. Never throws: anything may have been thrown.
 *
 * @param causes - upper bound on the causes to include.
 */
export function errorFacts(error: unknown, causes: number): unknown {
  if (typeof error !== 'object' || error === null) return { message: clipped(error) };
  try {
    const { name, message, stack, code, cause } = error as Error & { readonly code?: unknown };
    const known = typeof code === 'string' || typeof code === 'number';
    return {
      type: clipped(name),
      message: clipped(message),
      stack: clipped(stack),
      ...(known && { code: typeof code === 'string' ? clipped(code) : code }),
      ...(cause !== undefined && causes > 0 && { cause: errorFacts(cause, causes - 1) }),
    };
  } catch {
    // A getter or a proxy trap threw.
    return { message: clipped(StatusError.from(error).message) };
  }
}

/** Returns any value as text of bounded length. */
function clipped(text: unknown): string | undefined {
  if (text === undefined) return undefined;
  const { message } = StatusError.from(text);
  return message.length <= MAX_TEXT_LENGTH ? message : `${message.slice(0, MAX_TEXT_LENGTH).toWellFormed()}…`;
}
