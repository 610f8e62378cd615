/**
 * Number of runs of a property that searches for unexpected failures: `usual` in the normal tests, multiplied by
 * FACTOR in `npm run fuzz -- FACTOR`.
 */
export function fuzzRuns(usual: number): { numRuns: number } {
  return { numRuns: usual * Number(process.env.FUZZ_FACTOR ?? 1) };
}
