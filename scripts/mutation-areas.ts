/** Source files to change, and the test files that should notice; both as glob patterns. */
export interface MutationArea {
  readonly mutate: readonly string[];
  readonly testFiles: readonly string[];
}

/** Areas of `npm run mutate`. Each mutant runs the test files of its area: a slow one that adds little is left out. */
export const MUTATION_AREAS: Readonly<Record<string, MutationArea>> = {
  'server/work': {
    mutate: ['src/server/work/*.ts'],
    testFiles: [
      'test/server/@(changes|close|create-operations|lifecycle.property|result-size|run|transitions|work-outcome).test.ts',
      'test/conformance/memory.test.ts',
      'test/opentelemetry/runs.test.ts',
    ],
  },
  'server/access': {
    mutate: ['src/server/access/*.ts'],
    testFiles: ['test/server/access/*.test.ts', 'test/server/@(guarded|limits|user-code).test.ts'],
  },
  'server/service': {
    mutate: ['src/server/service/*.ts'],
    testFiles: ['test/server/*.test.ts', 'test/conformance/memory.test.ts'],
  },
  'gateway/routing': {
    mutate: ['src/gateway/routing/*.ts'],
    testFiles: ['test/gateway/routing/*.test.ts', 'test/gateway/rules/*.test.ts'],
  },
  filter: {
    mutate: ['src/filter/*.ts'],
    testFiles: ['test/filter/*.test.ts'],
  },
  'client/waiting': {
    mutate: ['src/client/waiting/*.ts'],
    testFiles: ['test/client/waiting/*.test.ts', 'test/client/pitfalls/*.test.ts', 'test/client/*.test.ts'],
  },
  'stores/postgres': {
    mutate: ['src/stores/postgres/*.ts'],
    // plans.test.ts stores 1,000,000 rows.
    testFiles: ['test/stores/postgres/!(plans).test.ts', 'test/conformance/postgres.test.ts'],
  },
  'stores/sqlite': {
    mutate: ['src/stores/sqlite/*.ts'],
    testFiles: ['test/stores/sqlite/!(plans).test.ts', 'test/conformance/sqlite.test.ts'],
  },
};
