/**
 * Servers for tests: long-running methods of any API, faked from its protos; hand-driven operations; faults.
 *
 * @module longrunning/testing
 */

export { startTestServer, type TestServerOptions } from './server/test-server.js';
export type { TestServer } from './server/test-server-api.js';
export type { HandDrivenOperation, HandDrivenOptions } from './server/hand-driven-operation.js';
export type { RecordedCall } from './calls/call-log.js';
export type { MethodScript, Script } from './script/script-source.js';
export type { AnyValue } from './faking/any-value.js';
export type { Fault } from './faults/fault.js';
export { ScriptError } from './script/written-value.js';
export { SchemaError } from '../schema/index.js';
export {
  expectCancelled,
  expectFailedWith,
  expectSucceededWith,
  operationMatchers,
} from './matchers/matchers.js';
export { type ManualClock, manualClock } from './clock/manual-clock.js';
export type { Clock } from '../core/clock.js';
