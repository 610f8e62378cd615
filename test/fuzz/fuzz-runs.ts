/**
 * How often a property is tried that is meant to find what nobody thought of: `usual` times with the other tests, and
 * as many times as often as `npm run fuzz -- FACTOR` says.
 */
export function fuzzRuns(usual: number): { numRuns: number } {
  return { numRuns: usual * Number(process.env.FUZZ_FACTOR ?? 1) };
}
