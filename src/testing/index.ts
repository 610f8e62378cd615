export { type ExampleService, exampleService } from './example.js';
export { type FakeServices, type FakeServicesOptions, fakeServices } from './fake-service.js';
export {
  parseScript,
  type MethodScript,
  type OnCancel,
  type ParseScriptOptions,
  type Script,
  ScriptError,
} from './script.js';
