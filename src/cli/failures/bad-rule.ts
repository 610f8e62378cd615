import { HttpRuleError } from '../../gateway/index.js';
import { UsageError } from './usage-error.js';

/**
 * What to tell whoever named the files in which an HTTP rule is wrong; any other error as it is.
 *
 * @param files - the protos; a service configuration is named by the error itself.
 * @param remedy - what can be done in place of correcting the rule.
 */
export function badRule(error: unknown, files: readonly string[], remedy: string): unknown {
  if (!(error instanceof HttpRuleError)) return error;
  const fault = `HTTP rules of ${files.join(', ')} cannot be served: ${error.message}`;
  return new UsageError(`${fault}; or ${remedy}`, { cause: error });
}
