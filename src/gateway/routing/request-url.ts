import { quoted } from '../../core/status.js';
import { malformedUrl } from '../http/http-refusal.js';

/** Parts of a raw URL, not decoded. */
export interface RequestUrl {
  readonly segments: readonly string[];
  /** Text after the last colon of the last segment. Undefined if the segment has no colon. */
  readonly verb: string | undefined;
  /** Text after the first question mark. */
  readonly query: string;
}

/**
 * Splits a raw URL (`req.url` of `node:http`). `URL` is unsuitable because it resolves dot segments, even escaped
 * ones. The gateway would then match a different path than the one that a proxy authorized.
 *
 * @returns undefined if the path has an empty segment (including a trailing slash) or does not begin with a
 * slash. No template matches such a path.
 */
export function splitUrl(rawUrl: string): RequestUrl | undefined {
  const mark = rawUrl.indexOf('?');
  const path = mark < 0 ? rawUrl : rawUrl.slice(0, mark);
  const query = mark < 0 ? '' : rawUrl.slice(mark + 1);
  if (!path.startsWith('/')) return undefined;
  const colon = path.lastIndexOf(':');
  const hasVerb = colon > path.lastIndexOf('/');
  const verb = hasVerb ? path.slice(colon + 1) : undefined;
  const named = hasVerb ? path.slice(1, colon) : path.slice(1);
  const segments = named === '' ? [] : named.split('/');
  return segments.includes('') ? undefined : { segments, verb, query };
}

/** Decoded query parameters by name. Names and values keep their order. */
export interface Query {
  /** Parameters that name fields of the request, in their original spelling. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** Parameters for the gateway, by name without the dollar sign: `alt`, `prettyPrint`. */
  readonly system: ReadonlyMap<string, readonly string[]>;
}

/**
 * System parameters (https://cloud.google.com/apis/docs/system-parameters), and others that Google's clients
 * send.
 */
const SYSTEM_PARAMETERS = new Set([
  '$alt',
  'alt',
  '$prettyPrint',
  'prettyPrint',
  '$fields',
  '$key',
  'key',
  '$callback',
  '$.xgafv',
  '$ct',
  '$unique',
  '$outputDefaults',
  'quotaUser',
  'access_token',
  'oauth_token',
  'upload_protocol',
  'uploadType',
]);

/**
 * Decodes a raw query.
 *
 * @throws StatusError INVALID_ARGUMENT if an escape is malformed or the bytes are not UTF-8.
 */
export function parseQuery(raw: string): Query {
  const fields = new Map<string, string[]>();
  const system = new Map<string, string[]>();
  for (const parameter of raw.split('&')) {
    if (parameter === '') continue;
    const equals = parameter.indexOf('=');
    const name = decode(equals < 0 ? parameter : parameter.slice(0, equals));
    const value = equals < 0 ? '' : decode(parameter.slice(equals + 1));
    if (SYSTEM_PARAMETERS.has(name)) append(system, name.replace(/^\$/, ''), value);
    else append(fields, name, value);
  }
  return { fields, system };
}

function append(parameters: Map<string, string[]>, name: string, value: string): void {
  const values = parameters.get(name);
  if (values) values.push(value);
  else parameters.set(name, [value]);
}

function decode(text: string): string {
  const decoded = percentDecode(text.replaceAll('+', ' '));
  if (decoded !== undefined) return decoded;
  throw malformedUrl(
    `query parameter ${quoted(text)} cannot be decoded: encode text as UTF-8 and escape bytes as %XX`,
  );
}

/** Removes percent-encoding. Returns undefined if an escape is malformed or the bytes are not UTF-8. */
export function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text.isWellFormed() ? text : undefined;
  try {
    const decoded = decodeURIComponent(text);
    return decoded.isWellFormed() ? decoded : undefined;
  } catch {
    return undefined;
  }
}

/** Removes percent-encoding except `%2F` and `%2f`. */
export function percentDecodeButSlashes(text: string): string | undefined {
  if (!text.includes('%')) return percentDecode(text);
  const decoded = text.split(/(%2[Ff])/).map((part, index) => (index % 2 === 0 ? percentDecode(part) : part));
  return decoded.includes(undefined) ? undefined : decoded.join('');
}
