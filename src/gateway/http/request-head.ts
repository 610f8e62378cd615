import type { HttpRequest } from './http-message.js';
import {
  expectationFailed,
  headersTooLarge,
  malformedUrl,
  overrideRefused,
  unclearHost,
  urlTooLong,
} from './http-refusal.js';
import type { CheckedLimits } from './limits.js';

/** Origin of a URL in absolute form, which clients send to proxies. */
const ORIGIN = /^https?:\/\/[^/?#]*/i;
/**
 * Characters that a URL may contain. Node also accepts other bytes and a fragment. Clients never send a fragment,
 * and proxies cut it off: they would authorize another path.
 */
const URL_TEXT = /^[!"$-~]*$/;

/** Parts of a request that the gateway checks before it reads the body. */
type RequestHead = Pick<HttpRequest, 'rawUrl' | 'rawHeaders' | 'headers' | 'httpVersion'>;

/**
 * Checks the request line and headers.
 *
 * @returns path and query of the URL, as received.
 * @throws StatusError if URL or headers are too long, the URL contains invalid characters, the headers contain no
 * host or two, or expect something unsupported.
 */
export function checkHead(
  head: RequestHead,
  limits: Pick<CheckedLimits, 'urlBytes' | 'headerBytes'>,
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
    throw malformedUrl('URL has an invalid character: encode text as UTF-8 and escape it as %XX');
  }
  return originForm(rawUrl);
}

/** Methods that `X-HTTP-Method-Override` may name. HEAD and OPTIONS change the framing or meaning of a response. */
const OVERRIDES: readonly string[] = ['DELETE', 'GET', 'PATCH', 'POST', 'PUT'];

/**
 * Returns the method of a request: that of `X-HTTP-Method-Override` on POST, as Google's front ends do, else that of the request
 * line. Java's REST clients send PATCH this way.
 *
 * @throws StatusError INVALID_ARGUMENT if the header names no method that can be sent this way.
 */
export function methodOf({ httpMethod, headers }: Pick<HttpRequest, 'httpMethod' | 'headers'>): string {
  const override = headers['x-http-method-override'];
  if (httpMethod !== 'POST' || override === undefined) return httpMethod;
  const method = String(override).toUpperCase();
  if (!OVERRIDES.includes(method)) throw overrideRefused(String(override), OVERRIDES.join(', '));
  return method;
}

/** RFC 9112, section 3.2: with two hosts, a proxy on the way may have used the other one. */
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
