const UNITS = [
  ['y', 365 * 86_400],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/**
 * A time of ProtoJSON as people say it: `5m ago`, rounded down; `-` when there is none.
 *
 * @param nowMs - milliseconds since 1970.
 */
export function ageOf(time: unknown, nowMs: number): string {
  const timeMs = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(timeMs)) return '-';
  const seconds = Math.trunc((nowMs - timeMs) / 1000);
  const [unit, unitSeconds] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['s', 1];
  const amount = `${Math.trunc(Math.abs(seconds) / unitSeconds)}${unit}`;
  // The clocks of server and client may differ.
  return seconds < 0 ? `in ${amount}` : `${amount} ago`;
}
