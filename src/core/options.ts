/**
 * Options over their defaults. An option that is given as `undefined` is one that was not given: callers pass
 * on what they may not have (`timeoutMs: config.timeoutMs`).
 */
export function withDefaults<Defaults extends object, Options extends object>(
  defaults: Defaults,
  options: Options,
): Defaults & Options {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) } as Defaults & Options;
}
