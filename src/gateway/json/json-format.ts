import type { IncomingHttpHeaders } from 'node:http';
import { invalidField, quoted } from '../../core/status.js';

/** How an answer is written. */
export interface JsonFormat {
  /** Enums by number, not by name. */
  readonly enumAsInteger: boolean;
  /** By how many spaces to indent; 0: all on one line. */
  readonly indent: 0 | 2;
  /** Whether an error inside of the answer, such as that of an operation, tells its `google.rpc` details. */
  readonly errorDetails: 'all' | 'own-types';
}

export const COMPACT: JsonFormat = { enumAsInteger: false, indent: 0, errorDetails: 'all' };

/** How google-gax for Node names itself in `x-goog-api-client`. */
const GAX_FOR_NODE = /^(?=.*\bgl-(?:node|web)\/).*\bgax\//;

/**
 * What a request says of the format of its answer by its system parameters, `$alt=json;enum-encoding=int` and
 * `prettyPrint`, of which the last counts where one is repeated.
 *
 * google-gax for Node knows no types but those of its API: at a `google.rpc` detail in an operation it takes the
 * whole answer for broken, and asks again for a minute. So it is told none.
 *
 * @param system - by their names without a dollar.
 * @throws StatusError INVALID_ARGUMENT when they ask for what is no JSON, or are malformed.
 */
export function readJsonFormat(
  system: ReadonlyMap<string, readonly string[]>,
  { 'x-goog-api-client': client }: IncomingHttpHeaders,
): JsonFormat {
  const alt = system.get('alt')?.at(-1);
  const prettyPrint = system.get('prettyPrint')?.at(-1);
  return {
    enumAsInteger: alt !== undefined && readAlt(alt),
    indent: prettyPrint !== undefined && readPrettyPrint(prettyPrint) ? 2 : 0,
    errorDetails: client !== undefined && GAX_FOR_NODE.test(String(client)) ? 'own-types' : 'all',
  };
}

function readAlt(alt: string): boolean {
  switch (alt) {
    case '':
    case 'json':
    case 'json;enum-encoding=string':
      return false;
    case 'json;enum-encoding=int':
      return true;
  }
  throw invalidField('$alt', `$alt is ${quoted(alt)}: use "json" or "json;enum-encoding=int"`);
}

function readPrettyPrint(prettyPrint: string): boolean {
  switch (prettyPrint) {
    case '':
    case 'true':
    case '1':
      return true;
    case 'false':
    case '0':
      return false;
  }
  throw invalidField('$prettyPrint', `$prettyPrint is ${quoted(prettyPrint)}: use "true" or "false"`);
}
