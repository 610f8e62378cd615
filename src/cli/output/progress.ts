/** Names without underscores and capitals, so that `progress_percent` and `progressPercent` are one. */
const PERCENTAGES = [
  'progresspercent',
  'progresspercentage',
  'percentcomplete',
  'percentagecomplete',
  'completionpercentage',
];

/** Counts of what is done, each with that of all there is to do. Those of Google: Firestore, then Datastore. */
const COUNTS = [
  ['done', 'total'],
  ['completed', 'total'],
  ['donecount', 'totalcount'],
  ['completedcount', 'totalcount'],
  ['completedwork', 'estimatedwork'],
  ['workcompleted', 'workestimated'],
] as const;

/** Messages and lists of them that may tell the progress of the whole; `value` is where an Any holds a Struct. */
const NESTED = /progress|metadata|status|^value$/;

/** As deep as metadata of Google's APIs go, and more. */
const MAX_DEPTH = 4;

/**
 * How far an operation has come, in percent from 0 to 100, by the fields that metadata messages commonly have for
 * it; undefined when it has none of them. Outer fields go before those of messages within; of a list of messages,
 * as of steps, it is the mean.
 *
 * @param metadata - in ProtoJSON, where a 64-bit number is a string, and a 0 left out.
 */
export function progressOf(metadata: object): number | undefined {
  return percentOf(metadata, MAX_DEPTH);
}

function percentOf(message: object, depth: number): number | undefined {
  const fields = Object.entries(message).map(([name, value]) => [normalized(name), value] as const);
  return ownPercent(new Map(fields)) ?? (depth > 0 ? nestedPercent(fields, depth - 1) : undefined);
}

function ownPercent(fields: ReadonlyMap<string, unknown>): number | undefined {
  for (const name of PERCENTAGES) {
    const percent = numberOf(fields.get(name));
    if (percent !== undefined) return limited(percent);
  }
  for (const [doneName, totalName] of COUNTS) {
    const done = numberOf(fields.get(doneName));
    const total = numberOf(fields.get(totalName));
    if (done !== undefined && total !== undefined && total > 0) return limited((done / total) * 100);
  }
  return undefined;
}

function nestedPercent(fields: readonly (readonly [string, unknown])[], depth: number): number | undefined {
  for (const [name, value] of fields) {
    if (typeof value !== 'object' || value === null || !NESTED.test(name)) continue;
    const percent = Array.isArray(value) ? meanPercent(value, depth) : percentOf(value, depth);
    if (percent !== undefined) return percent;
  }
  return undefined;
}

/** Those that say nothing have not begun. */
function meanPercent(items: readonly unknown[], depth: number): number | undefined {
  const percents = items.map((item) =>
    typeof item === 'object' && item !== null ? percentOf(item, depth) : undefined,
  );
  if (percents.every((percent) => percent === undefined)) return undefined;
  return percents.reduce<number>((sum, percent) => sum + (percent ?? 0), 0) / percents.length;
}

function normalized(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

/** A number, or a 64-bit one in a string. */
function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function limited(percent: number): number {
  return Math.min(100, Math.max(0, percent));
}
