const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const DURATION = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;

const NANOS_PER_MS = 1_000_000n;
const NANOS_PER_SECOND = 1_000_000_000n;

/**
 * Parses an RFC 3339 time to nanoseconds since 1970. Returns undefined for other text and for invalid dates.
 */
export function parseTime(text: string): bigint | undefined {
  const match = TIME.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour, offsetMinute] = match;
  const date = `${year}-${month}-${day}`;
  const ms = Date.parse(`${date}T${hour}:${minute}:${second}Z`);
  // `Date` accepts 24:00:00 and, in some engines, 30 February, both as the following day.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(date)) return undefined;
  if (Number(offsetHour ?? 0) > 23 || Number(offsetMinute ?? 0) > 59) return undefined;
  const offsetMs = (Number(offsetHour ?? 0) * 60 + Number(offsetMinute ?? 0)) * 60_000;
  return nanosOfMs(ms - (sign === '-' ? -offsetMs : offsetMs)) + nanosOfFraction(fraction);
}

/** Parses a ProtoJSON duration such as `1.5s` to nanoseconds. Returns undefined for other text. */
export function parseDuration(text: string): bigint | undefined {
  const match = DURATION.exec(text);
  if (!match) return undefined;
  const [, sign, seconds = '', fraction = ''] = match;
  const nanos = BigInt(seconds) * NANOS_PER_SECOND + nanosOfFraction(fraction);
  return sign === '-' ? -nanos : nanos;
}

/**
 * Parses a number of a filter or of ProtoJSON, which writes 64-bit integers as strings. Whole numbers are
 * exact.
 */
export function parseNumber(text: string): bigint | number | undefined {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  return /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/** Converts milliseconds, possibly fractional, to nanoseconds. */
export function nanosOfMs(ms: number): bigint {
  const whole = Math.floor(ms);
  return BigInt(whole) * NANOS_PER_MS + BigInt(Math.floor((ms - whole) * 1e6));
}

/** Converts nanoseconds to whole milliseconds, rounded down. */
export function msOfNanos(nanos: bigint): number {
  const ms = nanos / NANOS_PER_MS;
  return Number(nanos < ms * NANOS_PER_MS ? ms - 1n : ms);
}

function nanosOfFraction(digits: string): bigint {
  return BigInt(digits.padEnd(9, '0'));
}
