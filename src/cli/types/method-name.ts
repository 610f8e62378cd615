import { findMethodName, type LongRunningMethod, type Schema } from '../../schema/index.js';
import { UsageError } from '../failures/usage-error.js';

/**
 * The long-running method that somebody names: `package.Service/Method`, or an end of that which only one
 * method has, such as `Service/Method`.
 *
 * @throws UsageError that lists the methods meant, or names the nearest.
 */
export function resolveMethod(schema: Schema, name: string): LongRunningMethod {
  const byPath = new Map(schema.methods.map((method) => [method.path.slice(1), method]));
  const found = findMethodName(name, [...byPath.keys()], {
    complaint: 'is no known method that starts an operation',
    advice: 'name its file by --proto',
  });
  if ('fault' in found) throw new UsageError(found.fault);
  return byPath.get(found.name) as LongRunningMethod;
}
