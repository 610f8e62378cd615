import { createRequire } from 'node:module';
import type { Logger } from '../../server/index.js';
import type { LogLevel } from './observing-options.js';

/** How many causes of an error are told. */
const MOST_CAUSES = 5;

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
