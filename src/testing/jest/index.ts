import { expect } from '@jest/globals';
import type { Code, CodeName } from '../../core/status.js';
import { operationMatchers } from '../matchers/matchers.js';

// Importing this module adds the matchers to Jest's `expect`, at run time and for TypeScript.
expect.extend(operationMatchers);

/** Matchers for operations. */
interface OperationMatchers<Result> {
  /** Passes if the operation ended as cancelled. */
  toBeCancelled(): Result;
  /** Passes if the operation ended with a response that contains everything expected. */
  toHaveSucceededWith(response: unknown): Result;
  /** Passes if the operation ended with an error of that code. */
  toHaveFailedWith(code: Code | CodeName): Result;
}

// For `@jest/globals`. Type parameters must be those of the extended interfaces.
declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends OperationMatchers<R> {}
}

// For the globals of `@types/jest`.
declare global {
  namespace jest {
    /** Matchers of Jest, with those for operations. */
    // biome-ignore lint/complexity/noBannedTypes: see above
    interface Matchers<R, T = {}> extends OperationMatchers<R> {}
  }
}
