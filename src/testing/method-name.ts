import { nearest } from '../schema/index.js';
import { quoted } from '../status.js';

/** The method that a name means, or what is wrong with the name. */
export type NamedMethod = { readonly name: string } | { readonly fault: string };

/**
 * Finds a method by `package.Service.Method`, by the path of its gRPC method, or by the end of its name, such as
 * `CreateAwsCluster` or `AwsClusters.CreateAwsCluster`, when no other ends so.
 *
 * @param known - full names, with dots.
 */
export function findMethodName(wanted: string, known: readonly string[]): NamedMethod {
  const name = wanted.replace(/^\//, '').replace('/', '.');
  if (known.includes(name)) return { name };
  const ends = known.filter((candidate) => candidate.endsWith(`.${name}`));
  const [only] = ends;
  if (only !== undefined && ends.length === 1) return { name: only };
  return { fault: only === undefined ? unknown(wanted, name, known) : ambiguous(wanted, ends) };
}

function ambiguous(wanted: string, ends: readonly string[]): string {
  return `method ${quoted(wanted)} is one of several: name ${ends.map(quoted).join(' or ')}`;
}

function unknown(wanted: string, name: string, known: readonly string[]): string {
  // Compared with as much of the known names as was written.
  const parts = name.split('.').length;
  const written = new Map(known.map((full) => [full.split('.').slice(-parts).join('.'), full]));
  const candidate = nearest(name, written.keys()) ?? nearest(name, known);
  const advice = candidate
    ? `did you mean ${quoted(candidate)}?`
    : `use one of ${known.map((full) => full.split('.').slice(-2).join('.')).join(', ')}`;
  return `method ${quoted(wanted)} is unknown: ${advice}`;
}
