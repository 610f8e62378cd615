import { createRequire } from 'node:module';
import { StatusError } from '../../index.js';
import type { Logger } from '../../server/index.js';
import type { LogLevel } from './observing-options.js';

/** How many causes of an error are told. */
const MOST_CAUSES = 5;

/** Upper bound on one text of an error, in UTF-16 code units: messages may have megabytes. */
const MAX_TEXT_LENGTH = 16 * 1024;

type Write = Logger['error'];

/** The log of a server. */
export interface Log extends Logger {
  readonly info: Write;
  readonly warn: Write;
}

/**
 * A log on standard error, an object a line. Of errors it has what says what went wrong, and none of the other things
 * that libraries hang on them: requests, their headers, configurations.
 *
 * What writes it is loaded for the first line; and without a level that asks for it nobody puts together what `debug`
 * would be told of every call.
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
  const serializers = { err: (error: unknown) => errorFacts(error, MOST_CAUSES) };
  const stderr = destination({ fd: 2, sync: true });
  // A full disk, or a pipe that nobody reads, costs lines of the log and not the server.
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
