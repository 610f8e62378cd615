import type { HttpRequest } from './http-message.js';
import { expectationFailed, headersTooLarge, unclearHost, urlTooLong } from './http-refusal.js';
import type { GatewayLimits } from './limits.js';
import { malformedUrl } from './malformed-request.js';

/** Before the path of a URL in absolute form, as proxies are sent. */
const ORIGIN = /^https?:\/\/[^/?#]*/i;
/**
 * What a URL may consist of; Node lets other bytes pass, and a fragment, which no client sends and proxies cut off:
 * they would authorize another path.
 */
const URL_TEXT = /^[!"$-~]*$/;

/** What the gateway looks at before it reads the body. */
type RequestHead = Pick<HttpRequest, 'rawUrl' | 'rawHeaders' | 'headers' | 'httpVersion'>;

/**
 * Checks what comes before the body.
 *
 * @returns path and query of the URL, as they came.
 * @throws StatusError when URL or headers are too long, the URL has what no URL may have, or the headers name no
 * host, or two, or expect what is not done.
 */
export function checkHead(
  head: RequestHead,
  limits: Pick<Required<GatewayLimits>, 'urlBytes' | 'headerBytes'>,
): string {
  const { rawUrl, rawHeaders, headers } = head;
  if (rawUrl.length > limits.urlBytes) throw urlTooLong(limits.urlBytes);
  const headerBytes = rawHeaders.reduce((sum, text) => sum + text.length, 0);
  if (headerBytes > limits.headerBytes) throw headersTooLarge(limits.headerBytes);
  checkHost(head);
  if (headers.expect !== undefined && !/^100-continue$/i.test(headers.expect)) {
    throw expectationFailed(headers.expect);
  }
  if (!URL_TEXT.test(rawUrl)) {
    throw malformedUrl('URL has a character that no URL may have: write text as UTF-8, escaped as %XX');
  }
  return originForm(rawUrl);
}

/** RFC 9112, section 3.2: where there are two, a proxy on the way may have gone by the other. */
function checkHost({ rawHeaders, headers, httpVersion }: RequestHead): void {
  if (headers.host === undefined && httpVersion === '1.1') throw unclearHost('no header "host"');
  const isHost = (text: string, index: number) => index % 2 === 0 && /^host$/i.test(text);
  if (rawHeaders.filter(isHost).length > 1) throw unclearHost('more than one header "host"');
}

function originForm(rawUrl: string): string {
  const path = rawUrl.replace(ORIGIN, '');
  // RFC 9110, section 4.2.3: "http://example.com" is "http://example.com/".
  return path.length < rawUrl.length && !path.startsWith('/') ? `/${path}` : path;
}
