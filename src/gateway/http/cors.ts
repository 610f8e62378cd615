import type { IncomingHttpHeaders } from 'node:http';
import type { HeaderFields } from './http-message.js';

/** Origins whose pages may read responses in a browser. */
export interface CorsOptions {
  /** Origins such as `https://console.example.com`, or `*` for all of them, without cookies. */
  readonly origins: readonly string[] | '*';
  /** Seconds for which a browser may cache the answer to a preflight request. @defaultValue 600 */
  readonly maxAgeSeconds?: number | undefined;
}

const EXPOSED = 'retry-after, www-authenticate, x-request-id';

/** CORS headers of responses. Empty if no origin is allowed. */
export class Cors {
  readonly #options: CorsOptions | undefined;

  constructor(options: CorsOptions | undefined) {
    this.#options = options;
  }

  /** Returns true for a CORS preflight request. */
  isPreflight(httpMethod: string, headers: IncomingHttpHeaders): boolean {
    const asks = headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
    return this.#options !== undefined && httpMethod === 'OPTIONS' && asks;
  }

  /** Headers of the response to a preflight request. */
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

  /** Headers of every response. */
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
