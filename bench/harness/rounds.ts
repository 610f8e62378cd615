/** What is compared, by name. */
export type Sides<Name extends string, Measurement> = Readonly<Record<Name, () => Promise<Measurement>>>;

/** How often to measure each side. */
export interface RoundCounts {
  /** Rounds that are run and thrown away, until code is compiled and connections are open. */
  readonly warmUp: number;
  readonly measured: number;
}

/** One measurement of what the kit does, and one of what it is held against, close in time. */
export interface Round<Measurement> {
  readonly ours: Measurement;
  readonly theirs: Measurement;
}

let most = Number.POSITIVE_INFINITY;

/** Measures no case in more rounds than this, and warms up in one: to see that it works, not to know a figure. */
export function limitRounds(rounds: number): void {
  most = rounds;
}

/**
 * Measures all sides in turn, one after the other in each round, so that whatever else the machine does meanwhile
 * befalls all alike.
 */
export async function takeTurns<Name extends string, Measurement>(
  sides: Sides<Name, Measurement>,
  { warmUp, measured }: RoundCounts,
): Promise<Record<Name, Measurement>[]> {
  const rounds: Record<Name, Measurement>[] = [];
  const discarded = Number.isFinite(most) ? Math.min(1, warmUp) : warmUp;
  for (let count = 0; count < discarded + Math.min(most, measured); count++) {
    const round: Partial<Record<Name, Measurement>> = {};
    for (const name of Object.keys(sides) as Name[]) round[name] = await sides[name]();
    if (count >= discarded) rounds.push(round as Record<Name, Measurement>);
  }
  return rounds;
}

/** Measures two sides in turn: theirs, ours, theirs, ours… */
export function alternate<Measurement>(
  { ours, theirs }: Sides<keyof Round<Measurement>, Measurement>,
  counts: RoundCounts,
): Promise<Round<Measurement>[]> {
  return takeTurns({ theirs, ours }, counts);
}
