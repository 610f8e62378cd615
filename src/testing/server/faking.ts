/**
 * Entry point for `longrunning serve`. It omits parts of `longrunning/testing` that only tests need: clients,
 * matchers and tests for stores.
 */

export { parseAuthFile } from '../auth/auth-file.js';
export { exampleService } from '../faking/example.js';
export { DEFAULT_SCRIPT, type ParsedScript, parseScript } from '../script/script.js';
export { ScriptError } from '../script/written-value.js';
export { type FakeServer, fakeServer } from './fake-server.js';
