import { quoted } from '../../core/status.js';
import { HttpRuleError, type PathTemplate } from '../../schema/path-template.js';
import { BoundFields, bindPath, boundInQuery } from './bindings.js';
import { parseQuery, type Query, splitUrl } from './request-url.js';
import { parseRule, type RouteRule } from './route-rule.js';
import { endOf, matchingEnds, type RoutesByMethod, TreeNode } from './route-tree.js';

/** Result of routing a request. */
export type Routing =
  | {
      readonly kind: 'route';
      /** Index of the rule. */
      readonly route: number;
      /** Decoded values of the template's variables, by field path. */
      readonly bindings: ReadonlyMap<string, string>;
      readonly query: Query;
    }
  | { readonly kind: 'unknown-path' }
  /** Other methods have rules for the path: `allow`, sorted. */
  | { readonly kind: 'unknown-method'; readonly allow: readonly string[] };

interface Route {
  readonly template: PathTemplate;
  readonly boundFields: BoundFields;
}

const ANY_METHOD = '*';

/** Finds the rule of a request. Takes time linear in the length of the URL; the factor depends only on the rules. */
export class RouteTable {
  readonly #routes: readonly Route[];
  /** One tree per verb, and one for paths without a verb. A path whose verb no template has is not found. */
  readonly #trees = new Map<string | undefined, TreeNode>();

  /** @throws HttpRuleError if a rule is invalid, or two have the same method and shape. */
  constructor(rules: readonly RouteRule[]) {
    this.#routes = rules.map((rule, index) => {
      const { httpMethod } = rule;
      const template = parseRule(rule);
      const routes = endOf(this.#treeOf(template.verb), template.segments);
      const twin = rules[routes.get(httpMethod) ?? -1];
      if (twin) {
        throw new HttpRuleError(
          `rules ${httpMethod} ${quoted(twin.template)} and ${httpMethod} ${quoted(rule.template)} match the same paths: remove one, or change its path`,
        );
      }
      routes.set(httpMethod, index);
      const boundFields = new BoundFields(template.variables.map(({ fieldPath }) => fieldPath));
      return { template, boundFields };
    });
  }

  /**
   * Finds the rule of a request.
   *
   * @param rawUrl - path and query as received: `req.url`.
   * @throws StatusError INVALID_ARGUMENT if a rule matches but the URL is malformed, or its query sets a field
   * that the path binds.
   */
  find(httpMethod: string, rawUrl: string): Routing {
    const url = splitUrl(rawUrl);
    const tree = url && this.#trees.get(url.verb);
    if (!tree) return { kind: 'unknown-path' };
    const allow = new Set<string>();
    for (const end of matchingEnds(tree, url.segments)) {
      const index = routeFor(httpMethod, end);
      const route = index === undefined ? undefined : this.#routes[index];
      if (index !== undefined && route) {
        const bindings = bindPath(route.template, url.segments);
        const query = parseQuery(url.query);
        checkQuery(query, route);
        return { kind: 'route', route: index, bindings, query };
      }
      for (const method of end.keys()) allow.add(method);
    }
    return allow.size === 0
      ? { kind: 'unknown-path' }
      : { kind: 'unknown-method', allow: Array.from(allow).sort() };
  }

  #treeOf(verb: string | undefined): TreeNode {
    const tree = this.#trees.get(verb) ?? new TreeNode();
    this.#trees.set(verb, tree);
    return tree;
  }
}

/** Treats HEAD as GET, unless HEAD has its own rule. */
function routeFor(httpMethod: string, routes: RoutesByMethod): number | undefined {
  const get = httpMethod === 'HEAD' ? routes.get('GET') : undefined;
  return routes.get(httpMethod) ?? get ?? routes.get(ANY_METHOD);
}

function checkQuery({ fields }: Query, { boundFields }: Route): void {
  for (const name of fields.keys()) {
    if (boundFields.overlaps(name)) throw boundInQuery(name);
  }
}
