/**
 * Groups nodes so that each group refers only to itself and to groups before it: those that refer to each other
 * in a circle share one (Tarjan's strongly connected components).
 */
export function dependencyOrder<Node>(
  nodes: Iterable<Node>,
  references: (node: Node) => Iterable<Node>,
): Node[][] {
  const groups: Node[][] = [];
  /** How many nodes were met before a node; Infinity once its group is complete. */
  const met = new Map<Node, number>();
  const open: Node[] = [];

  /** The earliest of the open nodes that can be reached from `node`. */
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
