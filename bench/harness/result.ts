import type { BenchCase, Goal, Measurements, Series } from './bench-case.ts';
import { type Summary, summarise } from './statistics.ts';

/** A case, what it measured, and what that comes to. */
export interface CaseResult extends Measurements {
  readonly case: Pick<BenchCase, 'name' | 'ours' | 'theirs' | 'goal'>;
  /** Of the ratios, ours to theirs, of the rounds. */
  readonly ratio: Summary;
  readonly verdict: 'met' | 'short of goal' | 'no goal';
  /** What it took to measure. Cases that share their rounds count them once, for the first. */
  readonly tookMs: number;
}

/** The result of a case, as it is stored: without the duration of its measurement. */
export type StoredResult = Omit<CaseResult, 'tookMs'>;

/** Measures a case and judges it by the median of its rounds. */
export async function resultOf(benchCase: BenchCase): Promise<CaseResult> {
  const begun = performance.now();
  const measurements = await benchCase.measure();
  const tookMs = performance.now() - begun;
  const ratio = ratioOf(measurements.main);
  const { name, ours, theirs, goal } = benchCase;
  return {
    case: { name, ours, theirs, ...(goal && { goal }) },
    ratio,
    verdict: goal ? verdictOf(goal, ratio) : 'no goal',
    tookMs,
    ...measurements,
  };
}

function verdictOf({ bound, ratio: wanted }: Goal, { median }: Summary): CaseResult['verdict'] {
  const met = bound === 'at least' ? median >= wanted : median <= wanted;
  return met ? 'met' : 'short of goal';
}

/**
 * Ours to theirs, round by round. The two sides of a round are neighbours in time, so their ratio is steadier
 * than either of them, and than the ratio of two medians.
 */
function ratioOf({ rounds }: Series): Summary {
  return summarise(rounds.map(({ ours, theirs }) => ours / theirs));
}
