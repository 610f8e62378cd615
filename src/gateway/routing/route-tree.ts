import type { TemplateSegment } from '../../schema/path-template.js';

/** Which route serves which HTTP method, where templates of one shape end. */
export type RoutesByMethod = Map<string, number>;

/** Where the templates that agree on their first segments stand. */
export class TreeNode {
  readonly literals = new Map<string, TreeNode>();
  readonly routes: RoutesByMethod = new Map();
  wildcard: TreeNode | undefined;
  /** Where `**` goes on: a tree of what follows it, read from the end of the path. */
  rest: RestNode | undefined;
}

class RestNode {
  readonly literals = new Map<string, RestNode>();
  readonly routes: RoutesByMethod = new Map();
}

/** The end of a template in a tree, which grows to hold it. */
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
 * The ends of all templates that match a path: literal before `*` before `**` at each segment, and an end where
 * the path ends before a `**` that takes nothing. The search keeps its own stack, as a path may be longer than
 * the stack of calls, and comes to each node of the tree at most once, as one path leads to each.
 *
 * @param onVisit - is told of each node that is looked at.
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
    // What is pushed last is looked at first.
    if (node.rest) pending.push({ node: node.rest, depth });
    if (segment === undefined) continue;
    if (node.wildcard) pending.push({ node: node.wildcard, depth: depth + 1 });
    const literal = node.literals.get(segment);
    if (literal) pending.push({ node: literal, depth: depth + 1 });
  }
}

/**
 * The ends of templates that have `**` at `depth`. All that match have literals that end the path, so one walk
 * from its end finds them; the longest comes first, as a literal comes before a `**` that goes on.
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
