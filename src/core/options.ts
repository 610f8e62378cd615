/**
 * Merges options over their defaults. An option that is `undefined` counts as omitted, so callers can pass on
 * optional values (`timeoutMs: config.timeoutMs`).
 */
export function withDefaults<Defaults extends object, Options extends object>(
  defaults: Defaults,
  options: Options,
): Defaults & Options {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) } as Defaults & Options;
}
