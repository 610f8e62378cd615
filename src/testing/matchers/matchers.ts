import { inspect } from 'node:util';
import { type Code, type CodeName, codeName } from '../../core/status.js';
import { type Ending, endingOf } from '../faking/ending.js';
import { contains } from './contains.js';

/** Result of a Jest or Vitest matcher. */
export interface MatcherResult {
  readonly pass: boolean;
  /** Failure message. */
  readonly message: () => string;
}

/**
 * Matchers for `expect.extend` of Jest and Vitest. They accept an operation in any form. It may be an outcome or
 * snapshot of this package, a message of generated code or ProtoJSON, or an operation of a Google client. They
 * also accept the result of its `promise()`, and the error with which waiting rejected.
 *
 * @example
 * ```ts
 * expect.extend(operationMatchers);
 * expect(await operation.wait()).toBeCancelled();
 * await expect(googleOperation.promise()).rejects.toHaveFailedWith('PERMISSION_DENIED');
 * ```
 */
export const operationMatchers = {
  /** Passes if the operation ended as cancelled. */
  toBeCancelled: (operation: unknown): MatcherResult => judge(operation, checkCancelled),
  /**
   * Passes if the operation ended with a response that contains everything expected. Numbers match as number,
   * bigint, Long or text.
   */
  toHaveSucceededWith: (operation: unknown, response: unknown): MatcherResult =>
    judge(operation, (ending) => checkSucceeded(ending, response)),
  /** Passes if the operation ended with an error of that code. */
  toHaveFailedWith: (operation: unknown, code: Code | CodeName): MatcherResult =>
    judge(operation, (ending) => checkFailed(ending, typeof code === 'number' ? codeName(code) : code)),
} as const;

/** Asserts that an operation was cancelled, in any test runner. @throws Error if it was not */
export function expectCancelled(operation: unknown): void {
  insist(operationMatchers.toBeCancelled(operation));
}

/** Asserts that an operation succeeded with a response, in any test runner. @throws Error if it did not */
export function expectSucceededWith(operation: unknown, response: unknown): void {
  insist(operationMatchers.toHaveSucceededWith(operation, response));
}

/** Asserts that an operation failed with a code, in any test runner. @throws Error if it did not */
export function expectFailedWith(operation: unknown, code: Code | CodeName): void {
  insist(operationMatchers.toHaveFailedWith(operation, code));
}

function insist({ pass, message }: MatcherResult): void {
  if (!pass) throw new Error(message());
}

/** Result of a check, with a description of the expectation. */
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
