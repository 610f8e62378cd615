import type { Round } from './rounds.ts';

/** What the ratio of a case, ours to theirs, is to be. */
export interface Goal {
  readonly bound: 'at least' | 'at most';
  readonly ratio: number;
}

/** One quantity, measured on both sides in every round. */
export interface Series {
  /** What it is, with its unit: `calls per second`. */
  readonly quantity: string;
  readonly rounds: readonly Round<number>[];
}

/** What a case measured. */
export interface Measurements {
  /** What the goal is about. */
  readonly main: Series;
  /** What helps to understand it. */
  readonly context: readonly Series[];
}

/** One comparison. */
export interface BenchCase {
  /** What it is asked for by: `npm run bench -- NAME`. */
  readonly name: string;
  readonly ours: string;
  readonly theirs: string;
  /** Left out where the ratio is there to be known, and no claim. */
  readonly goal?: Goal;
  measure(): Promise<Measurements>;
}
