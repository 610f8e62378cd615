import { type Axis, svgPlot } from './plot.ts';
import { summarise } from './statistics.ts';

/** How a cost grows, as measured: all points side by side in the same rounds. */
export interface Curve {
  readonly title: string;
  readonly x: Axis;
  /** What is drawn of each point: its quantity divided by that of the first, round by round. */
  readonly y: Axis;
  readonly lines: readonly MeasuredLine[];
}

/** One line, not divided yet. */
export interface MeasuredLine {
  readonly label: string;
  /** Of the values, with its unit: `ms per page of 50`. */
  readonly quantity: string;
  /** Each with one value for every round. */
  readonly points: readonly { readonly x: number; readonly values: readonly number[] }[];
}

/** A measured curve. */
export interface CurveResult {
  readonly name: string;
  readonly curve: Curve;
}

/** A curve that can be asked for. */
export interface CurveCase {
  /** The file is called so, in `docs/benchmarks`. */
  readonly name: string;
  measure(): Promise<Curve>;
}

/** The points of a line out of rounds in which all of them were measured. */
export function pointsOf<Round, X extends number>(
  rounds: readonly Round[],
  xs: readonly X[],
  value: (round: Round, x: X) => number,
): MeasuredLine['points'] {
  return xs.map((x) => ({ x, values: rounds.map((round) => value(round, x)) }));
}

/** How many times the first point each point is: the median of the rounds. */
export function relative({ points }: MeasuredLine): { readonly x: number; readonly y: number }[] {
  const first = points[0]?.values ?? [];
  return points.map(({ x, values }) => ({
    x,
    y: summarise(values.map((value, round) => value / (first[round] ?? Number.NaN))).median,
  }));
}

export function curveSvg({ title, x, y, lines }: Curve): string {
  return svgPlot({
    title,
    x,
    y,
    lines: lines.map((line) => ({ label: line.label, points: relative(line) })),
  });
}
