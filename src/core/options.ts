import { nearest } from './nearest.js';
import { quoted } from './status.js';

/** Name of every option of an interface, which the compiler keeps complete. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Checks the names of given options, which may come from JavaScript.
 *
 * @param owner - function or class that takes the options, for the message.
 * @throws TypeError if the options are no object, or have an unknown name.
 */
export function assertOptions<Options extends object>(
  owner: string,
  given: Options,
  names: OptionNames<Options>,
): void {
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(
      `options of ${owner} must be an object, got ${given === null ? 'null' : typeof given}`,
    );
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(names, name)) continue;
    const known = Object.keys(names);
    const near = nearest(name, known);
    const advice = near === undefined ? `use ${known.toSorted().join(', ')}` : `did you mean ${near}?`;
    throw new TypeError(`option ${quoted(name)} of ${owner} is unknown: ${advice}`);
  }
}

/**
 * Checks a number that must be positive.
 *
 * @throws TypeError if it is negative, zero or not a number.
 */
export function assertPositive(name: string, value: number): void {
  if (value > 0) return;
  throw new TypeError(`${name} must be positive, got ${value}: give a positive number, or leave it out`);
}

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
