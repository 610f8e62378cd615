import { nearest } from '../core/nearest.js';
import { quoted } from '../core/status.js';

/** The method that a name means, or what is wrong with the name. */
export type NamedMethod = { readonly name: string } | { readonly fault: string };

/** What to say of a name that no method has. */
export interface UnknownMethod {
  /** @defaultValue 'is unknown' */
  readonly complaint?: string;
  /** What else can be done than to name one that is known. @defaultValue nothing */
  readonly advice?: string;
}

/**
 * Finds a method by `package.Service.Method`, by the path of its gRPC method, or by the end of its name, such as
 * `CreateAwsCluster` or `AwsClusters.CreateAwsCluster`, when no other ends so.
 *
 * @param known - full names, with a dot or a slash before the method, as they are to be told.
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
  // Compared with as much of the known names as was written.
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

/** So many of the last names of a full one. */
function endOf(full: string, names: number): string {
  return full
    .split(/(?<=[./])/)
    .slice(-names)
    .join('');
}
