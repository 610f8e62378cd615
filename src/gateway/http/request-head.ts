import type { GatewayLimits } from '../limits.js';
import { malformedUrl } from '../malformed-request.js';
import type { HttpRequest } from './http-message.js';
import { headersTooLarge, urlTooLong } from './http-refusal.js';

/** Before the path of a URL in absolute form, as proxies are sent. */
const ORIGIN = /^https?:\/\/[^/?#]*/i;
/**
 * What a URL may consist of; Node lets other bytes pass, and a fragment, which no client sends and proxies cut off:
 * they would authorize another path.
 */
const URL_TEXT = /^[!"$-~]*$/;

/**
 * Checks what comes before the body.
 *
 * @returns path and query of the URL, as they came.
 * @throws StatusError when URL or headers are too long, or the URL has what no URL may have.
 */
export function checkHead(
  { rawUrl, rawHeaders }: Pick<HttpRequest, 'rawUrl' | 'rawHeaders'>,
  limits: Pick<Required<GatewayLimits>, 'urlBytes' | 'headerBytes'>,
): string {
  if (rawUrl.length > limits.urlBytes) throw urlTooLong(limits.urlBytes);
  const headerBytes = rawHeaders.reduce((sum, text) => sum + text.length, 0);
  if (headerBytes > limits.headerBytes) throw headersTooLarge(limits.headerBytes);
  if (!URL_TEXT.test(rawUrl)) {
    throw malformedUrl('URL has a character that no URL may have: write text as UTF-8, escaped as %XX');
  }
  return rawUrl.replace(ORIGIN, '');
}
