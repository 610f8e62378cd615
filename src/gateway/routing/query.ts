import { quoted } from '../../core/status.js';
import { malformedUrl } from '../http/malformed-request.js';
import { percentDecode } from './percent-encoding.js';

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
