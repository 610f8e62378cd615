/**
 * Test cases for stores, for any test runner.
 *
 * @module longrunning/conformance
 */

export {
  type ConformanceCase,
  type StoreConformanceOptions,
  storeConformance,
} from './store-conformance.js';
