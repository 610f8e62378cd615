import type { Routing } from '../routing/route-table.js';
import type { OpenApiDocument } from './openapi-objects.js';

/** Where a gateway describes itself. */
export const OPENAPI_PATH = '/openapi.json';

/** What became of a request, if it may be one for the document. */
export type OpenApiRouting = Routing | { readonly kind: 'openapi'; readonly text: string };

/** Answers with the OpenAPI document, where no rule has anything to say. */
export class OpenApiEndpoint {
  readonly #document: () => OpenApiDocument;
  #text: string | undefined;

  /** @param document - is asked for once, at the first request. */
  constructor(document: () => OpenApiDocument) {
    this.#document = document;
  }

  /** What becomes of a request that `routing` is what the rules make of. */
  route(httpMethod: string, rawUrl: string, routing: Routing): OpenApiRouting {
    if (routing.kind === 'route' || rawUrl.split('?', 1)[0] !== OPENAPI_PATH) return routing;
    if (httpMethod === 'GET' || httpMethod === 'HEAD') return { kind: 'openapi', text: this.#json() };
    const allow = routing.kind === 'unknown-method' ? routing.allow : [];
    return { kind: 'unknown-method', allow: [...new Set([...allow, 'GET'])].sort() };
  }

  #json(): string {
    this.#text ??= JSON.stringify(this.#document());
    return this.#text;
  }
}
