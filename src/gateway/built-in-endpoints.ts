import type { HttpAnswer, HttpRequest } from './http/http-message.js';
import type { Routing } from './routing/route-table.js';

/** Answers a request for something that is the gateway's own. */
export type BuiltInAnswer = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

/** What became of a request, if it may be one for the gateway itself. */
export type EndpointRouting = Routing | { readonly kind: 'own'; readonly answer: BuiltInAnswer };

/** What a gateway answers itself to GET: where no rule has anything to say. */
export class BuiltInEndpoints {
  readonly #answers: ReadonlyMap<string, BuiltInAnswer>;

  /** @param answers - by path. */
  constructor(answers: ReadonlyMap<string, BuiltInAnswer>) {
    this.#answers = answers;
  }

  /** What becomes of a request that `routing` is what the rules make of. */
  route(httpMethod: string, rawUrl: string, routing: Routing): EndpointRouting {
    if (routing.kind === 'route') return routing;
    const answer = this.#answers.get(rawUrl.split('?', 1)[0] ?? '');
    if (!answer) return routing;
    if (httpMethod === 'GET' || httpMethod === 'HEAD') return { kind: 'own', answer };
    const allow = routing.kind === 'unknown-method' ? routing.allow : [];
    return { kind: 'unknown-method', allow: [...new Set([...allow, 'GET'])].sort() };
  }
}
