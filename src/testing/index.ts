/**
 * Servers for tests: long-running methods of any API, faked from its protos; hand-driven operations; faults.
 *
 * @module longrunning/testing
 */

// For applications.
export type { TestServer } from './server/test-server-api.js';
export { startTestServer, type TestServerOptions } from './server/test-server.js';
export type { CallOutcome, RecordedCall } from './calls/call-log.js';
export type { ApiSource, FakedApi, FakeOptions, RestSettings } from './server/faked-apis.js';
export type { Failure, ParsedFault, FaultEffect, Fault, NamedFault } from './faults/fault.js';
export type { PendingFault } from './faults/fault-plan.js';
export type { AnyValue, TypedJson, TypedMessage } from './faking/any-value.js';
export type { HandDrivenOperation, HandDrivenOptions } from './server/hand-driven-operation.js';
export {
  expectCancelled,
  expectFailedWith,
  expectSucceededWith,
  type MatcherResult,
  operationMatchers,
} from './matchers/matchers.js';
export type { ScriptedError, MethodScript, Script } from './script/script-source.js';
export type { ClockOption, TestClock } from './clock/manual-clock.js';
export { MANUAL_CLOCK_START, type ManualClock, manualClock } from './clock/manual-clock.js';
export { type ExampleService, exampleService } from './faking/example.js';
export { type FakeServer, type FakeServerOptions, fakeServer, type Recording } from './server/fake-server.js';
export { type FakeServices, type FakeServicesOptions, fakeServices } from './faking/fake-service.js';
export type { OnCancel, OnInterrupted } from './script/script-source.js';
export {
  DEFAULT_SCRIPT,
  type ParsedMethodScript,
  type ParseScriptOptions,
  parseScript,
  type ParsedScript,
  type ScriptedAnswer,
  type ScriptedEnding,
  type ScriptStep,
} from './script/script.js';
export {
  type LoadSchemaOptions,
  type LongRunningMethod,
  loadSchema,
  type Schema,
  SchemaError,
  schemaOf,
} from '../schema/index.js';
export { scriptTemplate } from './script/script-template.js';
export { parseAuthFile } from './auth/auth-file.js';
export type { ParseAuthFileOptions } from './auth/auth-file.js';
export { ScriptError, type ScriptFault } from './script/written-value.js';

// For authors of stores.
