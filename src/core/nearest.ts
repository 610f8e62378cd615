/** The candidate that takes the fewest edits for its length to become, if near enough for a slip of the hand. */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  let best: { readonly candidate: string; readonly effort: number } | undefined;
  for (const candidate of candidates) {
    // The lengths alone differ by too many edits: a stranger's text may be long.
    if (Math.abs(text.length - candidate.length) * 2 > Math.max(text.length, candidate.length)) continue;
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase());
    const effort = distance / Math.max(text.length, candidate.length, 1);
    if (!best || effort < best.effort) best = { candidate, effort };
  }
  return best && best.effort <= 1 / 2 ? best.candidate : undefined;
}

/** How many characters to insert, delete or replace to make the one the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, character] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = at(row, column) + (character === other ? 0 : 1);
      next.push(Math.min(replaced, at(row, column + 1) + 1, at(next, column) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
