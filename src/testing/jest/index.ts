import { expect } from '@jest/globals';
import type { Code, CodeName } from '../../core/status.js';
import { operationMatchers } from '../matchers/matchers.js';

// Importing this module is asking for it: it teaches Jest's `expect` the matchers, and TypeScript that they are there.
expect.extend(operationMatchers);

declare module 'expect' {
  interface Matchers<R> {
    /** The operation ended as cancelled. */
    toBeCancelled(): R;
    /** It ended with a response that has all that is expected, perhaps more. */
    toHaveSucceededWith(response: unknown): R;
    /** It ended with an error of that code. */
    toHaveFailedWith(code: Code | CodeName): R;
  }
}
