import { StatusError } from '../../core/status.js';
import type { RouteRule } from './route-rule.js';
import { RouteTable, type Routing } from './route-table.js';

/** The rule that a request matches, and what its URL says. */
export interface RouteMatch {
  /** The index of the rule. */
  route: number;
  /** The values of the template's variables, decoded, by field path: `{ 'aws_cluster.name': '…' }`. */
  bindings: Record<string, string>;
  /** The query parameters that name request fields, decoded: names as they were spelt, values in their order. */
  query: Record<string, string[]>;
}

/**
 * Why a request matches no rule: 404, nothing is known of its path; 405, its path is known under the methods
 * `allow`, sorted; 400, it matches one, but its URL is malformed or sets a field in path and query.
 */
export interface RouteMiss {
  status: 400 | 404 | 405;
  /** With 405 only. */
  allow?: string[];
}

/** The rules of a gateway, to match requests with. */
export interface Routes {
  /**
   * Matches a request. Never throws.
   *
   * @param httpMethod - case matters. HEAD matches rules for GET too.
   * @param rawUrl - path and query as the request has them: `req.url`, neither decoded nor normalised.
   */
  match(httpMethod: string, rawUrl: string): RouteMatch | RouteMiss;
}

/**
 * Compiles HTTP rules, to match requests by method and URL in time linear in the length of the URL.
 *
 * @throws HttpRuleError when a rule is invalid, or two have the same method and shape.
 *
 * @example
 * ```ts
 * const routes = compileRoutes([{ httpMethod: 'GET', template: '/v1/{name=operations/**}' }]);
 * routes.match('GET', '/v1/operations/7');   // { route: 0, bindings: { name: 'operations/7' }, query: {} }
 * ```
 */
export function compileRoutes(rules: readonly RouteRule[]): Routes {
  const table = new RouteTable(rules);
  return {
    match(httpMethod, rawUrl) {
      try {
        return toResult(table.find(httpMethod, rawUrl));
      } catch (error) {
        if (error instanceof StatusError) return { status: 400 };
        throw error;
      }
    },
  };
}

function toResult(routing: Routing): RouteMatch | RouteMiss {
  switch (routing.kind) {
    case 'route':
      return {
        route: routing.route,
        bindings: Object.fromEntries(routing.bindings),
        query: Object.fromEntries(Array.from(routing.query.fields, ([name, values]) => [name, [...values]])),
      };
    case 'unknown-path':
      return { status: 404 };
    case 'unknown-method':
      return { status: 405, allow: [...routing.allow] };
  }
}
