const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Reads `500ms`, `30s`, `1.5m`, `2h` or plain seconds, `30`, as milliseconds, at least one; undefined when it
 * is none of these.
 */
export function parseDurationMs(text: string): number | undefined {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const durationMs = Math.round(Number(amount) * (UNITS_MS[unit] ?? Number.NaN));
  return durationMs >= 1 && durationMs <= Number.MAX_SAFE_INTEGER ? durationMs : undefined;
}
