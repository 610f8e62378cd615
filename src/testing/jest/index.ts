import { expect } from '@jest/globals';
import type { Code, CodeName } from '../../core/status.js';
import { operationMatchers } from '../matchers/matchers.js';

// Importing this module adds the matchers to Jest's `expect`, at run time and for TypeScript.
expect.extend(operationMatchers);

declare module 'expect' {
  interface Matchers<R> {
    /** Passes if the operation ended as cancelled. */
    toBeCancelled(): R;
    /** Passes if the operation ended with a response that contains everything expected. */
    toHaveSucceededWith(response: unknown): R;
    /** Passes if the operation ended with an error of that code. */
    toHaveFailedWith(code: Code | CodeName): R;
  }
}
