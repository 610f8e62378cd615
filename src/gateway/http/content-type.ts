import type { IncomingHttpHeaders } from 'node:http';
import { unsupportedBody } from './http-refusal.js';
import { malformedBody } from './malformed-request.js';

const JSON_TYPE = /^application\/(?:json|[\w!#$&^.+-]+\+json)$/i;
const CHARSET = /^\s*charset\s*=\s*"?([\w-]+)"?\s*$/i;

/**
 * Decodes a JSON body and checks that its headers say the same. A body without a content type counts as JSON.
 *
 * @throws StatusError with HTTP status 415 if the body is not JSON, compressed or in another charset; with 400 if
 * it is not UTF-8.
 */
export function jsonText(headers: IncomingHttpHeaders, body: Buffer): string {
  if (body.length === 0) return '';
  const {
    'content-type': contentType,
    'content-encoding': encoding = 'identity',
    'transfer-encoding': transfer = 'chunked',
  } = headers;
  if (encoding !== 'identity') {
    throw unsupportedBody(`content-encoding: ${encoding}`, 'send it uncompressed');
  }
  if (!/^chunked$/i.test(transfer)) {
    throw unsupportedBody(`transfer-encoding: ${transfer}`, 'send it uncompressed');
  }
  if (contentType !== undefined) checkType(contentType);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw malformedBody('body is not valid UTF-8: encode it as UTF-8');
  }
}

function checkType(contentType: string): void {
  const [type = '', ...parameters] = contentType.split(';');
  if (!JSON_TYPE.test(type.trim())) {
    throw unsupportedBody(`content-type: ${contentType}`, 'send "content-type: application/json"');
  }
  const charset = parameters.map((parameter) => CHARSET.exec(parameter)?.[1]).find(Boolean);
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw unsupportedBody(`content-type: ${contentType}`, 'send JSON as UTF-8');
  }
}
