import { createRequire } from 'node:module';
import { StatusError } from '../../index.js';
import type { Logger } from '../../server/index.js';
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

/**
 * Opens a log on standard error, one JSON object per line. Errors are logged with type, message, stack, code and cause.
 * Other fields are omitted: libraries attach requests, headers and configurations.
 *
 * The first line loads pino. `debug` exists only at levels `debug` and `trace`, so that other levels do not pay for
 * the facts of every call.
 */
export function openLog(level: LogLevel): Log {
  let opened: Required<Log> | undefined;
  const write =
    (kind: keyof Log): Write =>
    (facts, message) => {
      opened ??= openPino(level);
      opened[kind](facts, message);
    };
  const debug = level === 'debug' || level === 'trace' ? { debug: write('debug') } : {};
  return { error: write('error'), warn: write('warn'), info: write('info'), ...debug };
}

function openPino(level: LogLevel): Required<Log> {
  const { destination, pino }: typeof import('pino') = createRequire(import.meta.url)('pino');
  const serializers = { err: (error: unknown) => errorFacts(error, MAX_CAUSES) };
  const stderr = destination({ fd: 2, sync: true });
  // A full disk or a closed pipe loses log lines, and must not end the server.
  stderr.on('error', () => {});
  return pino({ base: null, level, serializers }, stderr);
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
