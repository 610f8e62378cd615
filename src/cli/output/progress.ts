/** Names of percentage fields, normalized: `progress_percent` and `progressPercent` are equal. */
const PERCENTAGES = [
  'progresspercent',
  'progresspercentage',
  'percentcomplete',
  'percentagecomplete',
  'completionpercentage',
];

/** Names of fields with completed and total work. Google uses the last two: Firestore, then Datastore. */
const COUNTS = [
  ['done', 'total'],
  ['completed', 'total'],
  ['donecount', 'totalcount'],
  ['completedcount', 'totalcount'],
  ['completedwork', 'estimatedwork'],
  ['workcompleted', 'workestimated'],
] as const;

/** Names of nested messages and lists that may have progress; `value` is the Struct in an Any. */
const NESTED = /progress|metadata|status|^value$/;

/** Maximum depth of nested messages; metadata of Google's APIs is less deep. */
const MAX_DEPTH = 4;

/**
 * Returns the progress of an operation in percent, from 0 to 100, by common fields of metadata messages; undefined
 * without such fields. Outer fields take precedence over nested ones. A list of messages, such as steps, counts as the
 * mean of its items.
 *
 * @param metadata - ProtoJSON, in which a 64-bit number is a string and 0 is absent.
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

/** Counts items without progress as not begun. */
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

/** Reads a number, or a 64-bit integer in a string. */
function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function limited(percent: number): number {
  return Math.min(100, Math.max(0, percent));
}
