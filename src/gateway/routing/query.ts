import { quoted } from '../../core/status.js';
import { malformedUrl } from '../http/malformed-request.js';
import { percentDecode } from './percent-encoding.js';

/** The parameters of a query, decoded: values by name, both in their order. */
export interface Query {
  /** Those that name fields of the request, as they were spelt. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** Those that are for the gateway, by their names without a dollar: `alt`, `prettyPrint`. */
  readonly system: ReadonlyMap<string, readonly string[]>;
}

/** https://cloud.google.com/apis/docs/system-parameters, and those that Google's clients send besides. */
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
 * @throws StatusError INVALID_ARGUMENT when an escape is malformed or the bytes are no UTF-8.
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
    `query parameter ${quoted(text)} cannot be decoded: write text as UTF-8, each byte that is escaped as %XX`,
  );
}
