import { nearest } from '../core/nearest.js';
import { quoted } from '../core/status.js';

/** Method that a name refers to, or the error in the name. */
export type NamedMethod = { readonly name: string } | { readonly fault: string };

/** Wording of the error for an unknown method. */
export interface UnknownMethod {
  /**
   * Description of the problem.
   *
   * @defaultValue 'is unknown'
   */
  readonly complaint?: string;
  /**
   * Alternative to naming a known method.
   *
   * @defaultValue nothing
   */
  readonly advice?: string;
}

/**
 * Finds a method by `package.Service.Method`, by its gRPC path, or by an unambiguous end of its name, such as
 * `CreateAwsCluster` or `AwsClusters.CreateAwsCluster`.
 *
 * @param known - full names, with a dot or a slash before the method, in the form to display.
 */
export function findMethodName(
  wanted: string,
  known: readonly string[],
  whenUnknown: UnknownMethod = {},
): NamedMethod {
  const name = dotted(wanted);
  const exact = known.find((candidate) => dotted(candidate) === name);
  if (exact !== undefined) return { name: exact };
  const ends = known.filter((candidate) => dotted(candidate).endsWith(`.${name}`));
  const [only] = ends;
  if (only !== undefined && ends.length === 1) return { name: only };
  return { fault: only === undefined ? unknown(wanted, known, whenUnknown) : ambiguous(wanted, ends) };
}

function ambiguous(wanted: string, ends: readonly string[]): string {
  return `method ${quoted(wanted)} is one of several: name ${ends.map(quoted).join(' or ')}`;
}

function unknown(
  wanted: string,
  known: readonly string[],
  { complaint = 'is unknown', advice }: UnknownMethod,
): string {
  const name = dotted(wanted);
  // Compares with known names cut to as many segments as were given.
  const written = known.map((full) => endOf(full, name.split('.').length));
  const candidate = nearest(name, written) ?? nearest(name, known);
  const others =
    known.length > 0 ? `use one of ${known.map((full) => endOf(full, 2)).join(', ')}` : undefined;
  const remedy =
    candidate === undefined
      ? [advice, others].filter((each) => each !== undefined).join(', or ')
      : `did you mean ${quoted(candidate)}?`;
  return `method ${quoted(wanted)} ${complaint}: ${remedy}`;
}

function dotted(name: string): string {
  return name.replace(/^\//, '').replace('/', '.');
}

/** Returns the last segments of a full name. */
function endOf(full: string, names: number): string {
  return full
    .split(/(?<=[./])/)
    .slice(-names)
    .join('');
}
