// Mutation testing with StrykerJS: changes the source of an area in many small ways, and lists the changes that no test of the
// area notices. `npm run mutate -- AREA [FILE…]`; a file may end in lines, as in `src/server/work/run.ts:100-120`.
//
// npm fetches StrykerJS for the run: as a dependency it would add 154 packages to every installation.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import startPostgresProcess from '../test/helpers/postgres-setup.ts';
import stopPostgresProcess from '../test/helpers/postgres-teardown.ts';
import { MUTATION_AREAS } from './mutation-areas.ts';

const PACKAGES = ['@stryker-mutator/core@10.0.0', '@stryker-mutator/jest-runner@10.0.0'];

/** Share of mutants that the tests of an area must detect, in percent. */
const GOAL = 85;

const [name = '', ...files] = process.argv.slice(2);
const area = MUTATION_AREAS[name];
if (!area) {
  console.error(`area must be one of ${Object.keys(MUTATION_AREAS).join(', ')}, got "${name}"`);
  process.exit(2);
}

const folder = await mkdtemp(join(tmpdir(), 'longrunning-mutation-'));
const config = join(folder, 'stryker.json');
await writeFile(
  config,
  JSON.stringify({
    mutate: files.length > 0 ? files : area.mutate,
    testRunner: 'jest',
    jest: {
      configFile: 'jest.config.js',
      // It follows imports only within `roots`, and finds no test for most files.
      enableFindRelatedTests: false,
      config: {
        testMatch: area.testFiles.map((each) => `<rootDir>/${each}`),
        // The check for leaks would wait for half a minute whenever a test fails.
        setupFilesAfterEnv: [],
      },
    },
    coverageAnalysis: 'perTest',
    // Constants of modules: every test would run for each of them.
    ignoreStatic: true,
    // Texts of errors are for people, and tests state few of them.
    mutator: { excludedMutations: ['StringLiteral'] },
    // It changes settings by functions that TypeScript 7 has no more. There is no such file, so it changes none.
    tsconfigFile: 'none.json',
    tempDirName: join(folder, 'sandbox'),
    ignorePatterns: ['/dist', '/docs', '/bench', '/coverage'],
    // A mutant that hangs is detected; few tests take longer than this.
    timeoutMS: 5000,
    timeoutFactor: 2,
    reporters: ['clear-text', 'progress-append-only'],
    clearTextReporter: { logTests: false, reportTests: false, allowColor: false },
    thresholds: { high: 95, low: GOAL, break: GOAL },
  }),
);
// Ctrl-C is for the whole group of processes: StrykerJS ends, and then this does.
process.on('SIGINT', () => {});
// One for the whole run, instead of one for each mutant.
await startPostgresProcess();
try {
  const packages = PACKAGES.map((each) => `--package=${each}`);
  const child = spawn('npm', ['exec', '--yes', ...packages, '--', 'stryker', 'run', config], {
    stdio: 'inherit',
  });
  const [code] = await once(child, 'exit');
  process.exitCode = code ?? 1;
} finally {
  await stopPostgresProcess();
  await rm(folder, { recursive: true, force: true });
}
