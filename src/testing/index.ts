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
