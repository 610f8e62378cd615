import type { IncomingHttpHeaders } from 'node:http';
import type { HeaderFields } from './http-message.js';

/** Which pages of a browser may read answers. */
export interface CorsOptions {
  /** Such as `https://console.example.com`; `*`: all of them, but none with cookies. */
  readonly origins: readonly string[] | '*';
  /** Seconds for which a browser need not ask again. @defaultValue 600 */
  readonly maxAgeSeconds?: number;
}

const EXPOSED = 'retry-after, www-authenticate, x-request-id';

/** What is answered for the sake of a page of another origin; nothing when none may read along. */
export class Cors {
  readonly #options: CorsOptions | undefined;

  constructor(options: CorsOptions | undefined) {
    this.#options = options;
  }

  /** Whether a request asks on behalf of a page what it may send. */
  isPreflight(httpMethod: string, headers: IncomingHttpHeaders): boolean {
    const asks = headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
    return this.#options !== undefined && httpMethod === 'OPTIONS' && asks;
  }

  /** With the answer to a preflight request. */
  preflightHeaders(headers: IncomingHttpHeaders, allow: string): HeaderFields {
    const origin = this.#allowedOrigin(headers);
    const asked = headers['access-control-request-headers'];
    if (origin === undefined) return {};
    return {
      'access-control-allow-methods': allow,
      ...(asked !== undefined && { 'access-control-allow-headers': asked }),
      'access-control-max-age': String(this.#options?.maxAgeSeconds ?? 600),
    };
  }

  /** With every answer. */
  headers(headers: IncomingHttpHeaders): HeaderFields {
    if (!this.#options) return {};
    const origin = this.#allowedOrigin(headers);
    return {
      ...(this.#options.origins !== '*' && { vary: 'origin' }),
      ...(origin !== undefined && {
        'access-control-allow-origin': origin,
        'access-control-expose-headers': EXPOSED,
      }),
    };
  }

  #allowedOrigin({ origin }: IncomingHttpHeaders): string | undefined {
    if (!this.#options || origin === undefined) return undefined;
    if (this.#options.origins === '*') return '*';
    return this.#options.origins.includes(origin) ? origin : undefined;
  }
}
