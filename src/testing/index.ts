/**
 * Any API's long-running methods, faked by a script from its protos.
 *
 * @module longrunning/testing
 */

// For applications.
export { type ExampleService, exampleService } from './example.js';
export { type FakeServices, type FakeServicesOptions, fakeServices } from './fake-service.js';
export {
  DEFAULT_SCRIPT,
  type MethodScript,
  type OnCancel,
  type OnInterrupted,
  type ParseScriptOptions,
  parseScript,
  type Script,
  type ScriptedEnding,
  type ScriptStep,
} from './script.js';
export {
  type LoadSchemaOptions,
  type LongRunningMethod,
  loadSchema,
  type Schema,
  SchemaError,
} from '../schema/index.js';
export { ScriptError, type ScriptFault } from './script-error.js';
export { MANUAL_CLOCK_START, type ManualClock, manualClock, settled } from './manual-clock.js';

// For authors of stores.
export {
  type ConformanceCase,
  type StoreConformanceOptions,
  storeConformance,
} from './conformance/store-conformance.js';
