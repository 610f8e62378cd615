import { StatusError } from '../../core/status.js';
import type { RouteRule } from './route-rule.js';
import { RouteTable, type Routing } from './route-table.js';

/** Rule that a request matches, with the values from its URL. */
export interface RouteMatch {
  /** Index of the rule. */
  route: number;
  /** Decoded values of the template's variables, by field path: `{ 'aws_cluster.name': '…' }`. */
  bindings: Record<string, string>;
  /** Decoded query parameters that name request fields, in their original spelling and order. */
  query: Record<string, string[]>;
}

/**
 * Reason for which a request matches no rule. 404: the path is unknown. 405: the path has rules for other
 * methods. 400: a rule matches, but the URL is malformed or sets a field in both path and query.
 */
export interface RouteMiss {
  status: 400 | 404 | 405;
  /** Methods that have rules for the path, sorted. Only with 405. */
  allow?: string[];
}

/** Compiled rules of a gateway. */
export interface Routes {
  /**
   * Matches a request. Never throws.
   *
   * @param httpMethod - case-sensitive. HEAD also matches rules for GET.
   * @param rawUrl - path and query as received (`req.url`): neither decoded nor normalized.
   */
  match(httpMethod: string, rawUrl: string): RouteMatch | RouteMiss;
}

/**
 * Compiles HTTP rules into a matcher that takes time linear in the length of the URL.
 *
 * @throws HttpRuleError if a rule is invalid, or two have the same method and shape.
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
