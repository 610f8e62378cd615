import { findMethod, type LongRunningMethod, nearest, type Schema } from '../schema/index.js';
import { UsageError } from './usage-error.js';

/**
 * The long-running method that somebody names: `package.Service/Method`, or an end of that which only one
 * method has, such as `Service/Method`.
 *
 * @throws UsageError that lists the methods meant, or names the nearest.
 */
export function resolveMethod(schema: Schema, name: string): LongRunningMethod {
  const exact = findMethod(schema, name);
  if (exact) return exact;
  const ending = `.${name.replace(/^\//, '').replace('/', '.')}`;
  const [method, ...others] = schema.methods.filter((candidate) => candidate.name.endsWith(ending));
  if (method && others.length === 0) return method;
  throw new UsageError(method ? ambiguous(name, [method, ...others]) : unknown(name, schema));
}

function ambiguous(name: string, methods: readonly LongRunningMethod[]): string {
  return `method ${JSON.stringify(name)} is ambiguous: write ${methods.map(writtenInFull).join(' or ')}`;
}

function unknown(name: string, { methods }: Schema): string {
  const complaint = `method ${JSON.stringify(name)} is no known method that starts an operation`;
  const meant = nearest(name, methods.flatMap(spellings));
  if (meant !== undefined) return `${complaint}: did you mean ${meant}?`;
  const known = methods.map(writtenInFull).join(', ');
  return `${complaint}: name its file by --proto, or use one of ${known || 'none in these files'}`;
}

function writtenInFull({ path }: LongRunningMethod): string {
  return path.slice(1);
}

/** In full, and without the package. */
function spellings(method: LongRunningMethod): string[] {
  const full = writtenInFull(method);
  return [full, full.replace(/^.*\.(?=[^/]*\/)/, '')];
}
