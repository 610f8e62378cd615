/** The two that are compared. */
export interface Sides<Measurement> {
  /** What the kit does. */
  readonly ours: () => Promise<Measurement>;
  /** What it is held against. */
  readonly theirs: () => Promise<Measurement>;
}

/** How often to measure each side. */
export interface RoundCounts {
  /** Rounds that are run and thrown away, until code is compiled and connections are open. */
  readonly warmUp: number;
  readonly measured: number;
}

/** One measurement of each side, one right after the other. */
export interface Round<Measurement> {
  readonly ours: Measurement;
  readonly theirs: Measurement;
}

/**
 * Measures both sides in turn, theirs, ours, theirs, ours…, so that whatever else the machine does meanwhile
 * befalls both alike.
 */
export async function alternate<Measurement>(
  sides: Sides<Measurement>,
  { warmUp, measured }: RoundCounts,
): Promise<Round<Measurement>[]> {
  const rounds: Round<Measurement>[] = [];
  for (let count = 0; count < warmUp + measured; count++) {
    const theirs = await sides.theirs();
    const ours = await sides.ours();
    if (count >= warmUp) rounds.push({ ours, theirs });
  }
  return rounds;
}
