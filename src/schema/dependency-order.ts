/**
 * Groups nodes so that each group refers only to itself and to earlier groups. Nodes in a cycle share a group
 * (Tarjan's strongly connected components).
 */
export function dependencyOrder<Node>(
  nodes: Iterable<Node>,
  references: (node: Node) => Iterable<Node>,
): Node[][] {
  const groups: Node[][] = [];
  /** Visiting index of each node; Infinity once its group is complete. */
  const met = new Map<Node, number>();
  const open: Node[] = [];

  /** Returns the index of the earliest open node reachable from `node`. */
  const visit = (node: Node): number => {
    const index = met.size;
    met.set(node, index);
    open.push(node);
    let earliest = index;
    for (const next of references(node)) earliest = Math.min(earliest, met.get(next) ?? visit(next));
    if (earliest === index) {
      const group = open.splice(open.lastIndexOf(node));
      for (const member of group) met.set(member, Number.POSITIVE_INFINITY);
      groups.push(group);
    }
    return earliest;
  };

  for (const node of nodes) if (!met.has(node)) visit(node);
  return groups;
}
