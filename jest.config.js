// Dates and texts that depend on where the tests run show up: a time zone that is no whole number of hours from UTC, and a
// locale in which "I" is not the upper case of "i". Workers inherit the environment.
process.env.TZ = 'Asia/Kathmandu';
process.env.LC_ALL = 'tr_TR.UTF-8';

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // Tests depend on no order. `npm test` fixes the seed, so that a run can be repeated; `npx jest` chooses another.
  randomize: true,
  // All there are: much of a test is waiting, and on two processors the default would be one after the other.
  maxWorkers: '100%',
  // The examples of tests are tests themselves.
  roots: ['<rootDir>/test', '<rootDir>/examples/testing'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } } }],
    '\\.js$': ['@swc/jest', { jsc: { target: 'es2024' } }],
  },
  // These packages come as ECMAScript modules only, which become what Jest loads. The tests run commands in their
  // own process, and stores.
  transformIgnorePatterns: [
    '/node_modules/(?!(commander|jose|pg-boss|rrule-temporal|temporal-spec|serialize-error|non-error)/)',
  ],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^longrunning$': '<rootDir>/src/index.ts',
    '^longrunning/(server|testing|conformance|gateway|opentelemetry)$': '<rootDir>/src/$1/index.ts',
    '^longrunning/openapi$': '<rootDir>/src/gateway/openapi/index.ts',
    '^longrunning/testing/jest$': '<rootDir>/src/testing/jest/index.ts',
    '^longrunning/store$': '<rootDir>/src/stores/leased/index.ts',
    '^longrunning/sqlite$': '<rootDir>/src/stores/sqlite/index.ts',
    '^longrunning/postgres$': '<rootDir>/src/stores/postgres/index.ts',
    '^longrunning/gax$': '<rootDir>/src/client/gax/index.ts',
    '^longrunning/generated/(.*)$': '<rootDir>/generated/$1.ts',
  },
  // A net for tests that hang, wide enough for a machine that is busy with other things.
  testTimeout: 300_000,
  globalSetup: '<rootDir>/test/helpers/postgres-setup.ts',
  globalTeardown: '<rootDir>/test/helpers/postgres-teardown.ts',
  setupFilesAfterEnv: ['<rootDir>/test/helpers/no-leaks.ts'],
  // These have package.json files and tests for other projects.
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/test/package/projects'],
};
