import { inspect } from 'node:util';
import { type Code, type CodeName, codeName } from '../../core/status.js';
import { type Ending, endingOf } from '../faking/ending.js';
import { contains } from './contains.js';

/** What a matcher of Jest or Vitest gives. */
export interface MatcherResult {
  readonly pass: boolean;
  /** What to tell whoever expected otherwise. */
  readonly message: () => string;
}

/**
 * Matchers for `expect.extend` of Jest and of Vitest. What they are given is an operation in any form: an outcome or
 * snapshot of this package, the message in generated code or ProtoJSON, an operation of a Google client, the result of
 * its `promise()`, or the error that awaiting it rejected with.
 *
 * @example
 * ```ts
 * expect.extend(operationMatchers);
 * expect(await operation.wait()).toBeCancelled();
 * await expect(googleOperation.promise()).rejects.toHaveFailedWith('PERMISSION_DENIED');
 * ```
 */
export const operationMatchers = {
  /** It ended as cancelled. */
  toBeCancelled: (operation: unknown): MatcherResult => judge(operation, checkCancelled),
  /** It ended with a response that has all that is expected, perhaps more; numbers match as number, bigint, Long or text. */
  toHaveSucceededWith: (operation: unknown, response: unknown): MatcherResult =>
    judge(operation, (ending) => checkSucceeded(ending, response)),
  /** It ended with an error of that code. */
  toHaveFailedWith: (operation: unknown, code: Code | CodeName): MatcherResult =>
    judge(operation, (ending) => checkFailed(ending, typeof code === 'number' ? codeName(code) : code)),
} as const;

/** {@link operationMatchers} as a function, for any test runner. @throws Error when it did not end so. */
export function expectCancelled(operation: unknown): void {
  insist(operationMatchers.toBeCancelled(operation));
}

/** {@link operationMatchers} as a function, for any test runner. @throws Error when it did not end so. */
export function expectSucceededWith(operation: unknown, response: unknown): void {
  insist(operationMatchers.toHaveSucceededWith(operation, response));
}

/** {@link operationMatchers} as a function, for any test runner. @throws Error when it did not end so. */
export function expectFailedWith(operation: unknown, code: Code | CodeName): void {
  insist(operationMatchers.toHaveFailedWith(operation, code));
}

function insist({ pass, message }: MatcherResult): void {
  if (!pass) throw new Error(message());
}

/** What was expected, and whether it is so. */
interface Verdict {
  readonly pass: boolean;
  readonly expected: string;
}

function judge(operation: unknown, check: (ending: Ending) => Verdict): MatcherResult {
  const ending = endingOf(operation);
  const { pass, expected } = check(ending);
  const not = pass ? 'not ' : '';
  return {
    pass,
    message: () => `expected the operation ${not}to have ${expected}, but it ${described(ending)}`,
  };
}

function checkCancelled({ state }: Ending): Verdict {
  return { pass: state === 'cancelled', expected: 'been cancelled' };
}

function checkSucceeded(ending: Ending, response: unknown): Verdict {
  const pass = ending.state === 'succeeded' && contains(ending.response, response);
  return { pass, expected: `succeeded with ${inspect(response)}` };
}

function checkFailed(ending: Ending, code: CodeName): Verdict {
  const pass =
    code === 'CANCELLED' ? ending.state === 'cancelled' : ending.state === 'failed' && ending.code === code;
  return { pass, expected: `failed with ${code}` };
}

function described(ending: Ending): string {
  switch (ending.state) {
    case 'running':
      return 'has not ended: await its end first';
    case 'cancelled':
      return 'was cancelled';
    case 'failed':
      return `failed with ${ending.code}: ${ending.message}`;
    case 'succeeded':
      return `succeeded with ${inspect(ending.response, { depth: 4 })}`;
  }
}
