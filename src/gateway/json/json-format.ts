import type { IncomingHttpHeaders } from 'node:http';
import { invalidField, quoted } from '../../core/status.js';

/** JSON format of a response. */
export interface JsonFormat {
  /** True to write enums as numbers instead of names. */
  readonly enumAsInteger: boolean;
  /** Indentation in spaces, or 0 for one line. */
  readonly indent: 0 | 2;
  /** True to include `google.rpc` details in errors nested in the response, such as that of an operation. */
  readonly errorDetails: 'all' | 'own-types';
}

export const COMPACT: JsonFormat = { enumAsInteger: false, indent: 0, errorDetails: 'all' };

/** `x-goog-api-client` of google-gax for Node, and of gax-httpjson for Java, which sends `gl-java/… gax/… rest/…`. */
const READS_OWN_TYPES_ONLY = /^(?=.*\bgl-(?:node|web)\/).*\bgax\/|^(?=.*\bgl-java\/).*\brest\//;

/**
 * Reads the response format from the system parameters `$alt=json;enum-encoding=int` and `prettyPrint`. If one is
 * repeated, the last counts.
 *
 * google-gax for Node knows only the types of its API. It treats a response with a `google.rpc` detail in an
 * operation as broken and retries for a minute. gax-httpjson for Java cannot parse such a response either, and reports a
 * failed operation as cancelled. Such details are therefore omitted for both.
 *
 * @param system - system parameters by name without the dollar sign.
 * @throws StatusError INVALID_ARGUMENT if they are malformed or ask for a format other than JSON.
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
    errorDetails: client !== undefined && READS_OWN_TYPES_ONLY.test(String(client)) ? 'own-types' : 'all',
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
