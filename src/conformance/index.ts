/**
 * Test cases for stores, for any test runner.
 *
 * @module longrunning/conformance
 */

export {
  type ConformanceCase,
  storeConformance,
} from './store-conformance.js';
