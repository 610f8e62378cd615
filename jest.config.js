/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } } }],
    '/commander/.*\\.js$': ['@swc/jest', { jsc: { target: 'es2024' } }],
  },
  // The tests run commands in their own process, and commander comes as ECMAScript modules only.
  transformIgnorePatterns: ['/node_modules/(?!commander/)'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^longrunning$': '<rootDir>/src/index.ts',
    '^longrunning/(server|testing|gateway)$': '<rootDir>/src/$1/index.ts',
    '^longrunning/sqlite$': '<rootDir>/src/stores/sqlite/index.ts',
    '^longrunning/gax$': '<rootDir>/src/client/gax/index.ts',
    '^longrunning/generated/(.*)$': '<rootDir>/generated/$1.ts',
  },
  // A net for tests that hang, wide enough for a machine that is busy with other things.
  testTimeout: 300_000,
  setupFilesAfterEnv: ['<rootDir>/test/helpers/no-leaks.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist'],
};
