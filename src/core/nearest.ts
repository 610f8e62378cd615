/**
 * Returns the candidate with the smallest edit distance relative to its length, if close enough to be a typo.
 */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  let best: { readonly candidate: string; readonly effort: number } | undefined;
  for (const candidate of candidates) {
    // The difference in length already exceeds the limit. Skipping such candidates bounds the work for long
    // input.
    if (Math.abs(text.length - candidate.length) * 2 > Math.max(text.length, candidate.length)) continue;
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase());
    const effort = distance / Math.max(text.length, candidate.length, 1);
    if (!best || effort < best.effort) best = { candidate, effort };
  }
  return best && best.effort <= 1 / 2 ? best.candidate : undefined;
}

/** Returns the Levenshtein distance: the number of characters to insert, delete or replace. */
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
