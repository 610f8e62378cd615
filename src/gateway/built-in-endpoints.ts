import type { HttpAnswer, HttpRequest } from './http/http-message.js';
import type { Routing } from './routing/route-table.js';

/** Answers a request for a path that the gateway itself serves. */
export type BuiltInAnswer = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

/** Routing result that includes the gateway's own paths. */
export type EndpointRouting = Routing | { readonly kind: 'own'; readonly answer: BuiltInAnswer };

/** Paths that the gateway itself serves with GET, unless a rule has the same path. */
export class BuiltInEndpoints {
  readonly #answers: ReadonlyMap<string, BuiltInAnswer>;

  /** @param answers - by path. */
  constructor(answers: ReadonlyMap<string, BuiltInAnswer>) {
    this.#answers = answers;
  }

  /** Routes a request, given the result of the rules. */
  route(httpMethod: string, rawUrl: string, routing: Routing): EndpointRouting {
    if (routing.kind === 'route') return routing;
    const answer = this.#answers.get(rawUrl.split('?', 1)[0] ?? '');
    if (!answer) return routing;
    if (httpMethod === 'GET' || httpMethod === 'HEAD') return { kind: 'own', answer };
    const allow = routing.kind === 'unknown-method' ? routing.allow : [];
    return { kind: 'unknown-method', allow: [...new Set([...allow, 'GET'])].sort() };
  }
}
