/** What a series of measurements comes to. */
export interface Summary {
  readonly median: number;
  /** The middle half of the measurements lies between the two. */
  readonly spread: readonly [low: number, high: number];
}

/** @throws RangeError when there is nothing to summarise. */
export function summarise(values: readonly number[]): Summary {
  return { median: quantile(values, 0.5), spread: [quantile(values, 0.25), quantile(values, 0.75)] };
}

/** The value that `share` of the values lie below; between two neighbours, what lies between them. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError('there is no quantile of no values');
  return below + (above - below) * (position % 1);
}

/** A number with three digits, which is as precise as a measurement is. */
export function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
