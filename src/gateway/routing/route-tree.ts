import type { TemplateSegment } from '../../schema/path-template.js';

/** Index of the route per HTTP method, at the end of templates of one shape. */
export type RoutesByMethod = Map<string, number>;

/** Node shared by templates that agree on their first segments. */
export class TreeNode {
  readonly literals = new Map<string, TreeNode>();
  readonly routes: RoutesByMethod = new Map();
  wildcard: TreeNode | undefined;
  /** Continuation of `**`: a tree of the segments after it, read from the end of the path. */
  rest: RestNode | undefined;
}

class RestNode {
  readonly literals = new Map<string, RestNode>();
  readonly routes: RoutesByMethod = new Map();
}

/** Routes at the end of a template. Adds missing nodes to the tree. */
export function endOf(root: TreeNode, segments: readonly TemplateSegment[]): RoutesByMethod {
  let node = root;
  for (const [index, segment] of segments.entries()) {
    switch (segment.kind) {
      case 'literal':
        node = childOf(node.literals, segment.text, TreeNode);
        break;
      case '*':
        node.wildcard ??= new TreeNode();
        node = node.wildcard;
        break;
      case '**':
        node.rest ??= new RestNode();
        return endOfRest(node.rest, segments.slice(index + 1));
    }
  }
  return node.routes;
}

function endOfRest(rest: RestNode, segments: readonly TemplateSegment[]): RoutesByMethod {
  const fromTheEnd = segments.toReversed().filter((segment) => segment.kind === 'literal');
  return fromTheEnd.reduce((node, { text }) => childOf(node.literals, text, RestNode), rest).routes;
}

function childOf<Node>(children: Map<string, Node>, text: string, Node: new () => Node): Node {
  const child = children.get(text) ?? new Node();
  children.set(text, child);
  return child;
}

/**
 * Yields the ends of all matching templates: literals before `*` before `**` at each segment. A `**` that matches
 * nothing counts too. The search keeps an explicit stack, because a path may be deeper than the call stack. It
 * visits each node at most once.
 *
 * @param onVisit - called for each visited node.
 */
export function* matchingEnds(
  root: TreeNode,
  segments: readonly string[],
  onVisit: () => void = () => {},
): Generator<RoutesByMethod, void> {
  const pending: { readonly node: TreeNode | RestNode; readonly depth: number }[] = [
    { node: root, depth: 0 },
  ];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { node, depth } = next;
    if (node instanceof RestNode) {
      yield* endsOfRest(node, segments, depth, onVisit);
      continue;
    }
    onVisit();
    const segment = segments[depth];
    if (segment === undefined) yield node.routes;
    // The last node pushed is visited first.
    if (node.rest) pending.push({ node: node.rest, depth });
    if (segment === undefined) continue;
    if (node.wildcard) pending.push({ node: node.wildcard, depth: depth + 1 });
    const literal = node.literals.get(segment);
    if (literal) pending.push({ node: literal, depth: depth + 1 });
  }
}

/**
 * Yields the ends of templates that have `**` at `depth`. Matching templates end in literals, so one walk from
 * the end of the path finds all of them. The longest comes first, because a literal takes precedence over a
 * longer `**`.
 */
function* endsOfRest(
  rest: RestNode,
  segments: readonly string[],
  depth: number,
  onVisit: () => void,
): Generator<RoutesByMethod, void> {
  const ends: RoutesByMethod[] = [];
  let node: RestNode | undefined = rest;
  for (let index = segments.length - 1; node; index--) {
    onVisit();
    ends.push(node.routes);
    const segment: string | undefined = index >= depth ? segments[index] : undefined;
    node = segment === undefined ? undefined : node.literals.get(segment);
  }
  yield* ends.reverse();
}
