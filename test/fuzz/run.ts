// `npm run fuzz -- [FACTOR]`: runs the hostile-input tests of `npm test` FACTOR times as often (default 50), with
// new seeds. fast-check prints failures with the seed that reproduces them.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const factor = Number(process.argv[2] ?? 50);
if (!(Number.isInteger(factor) && factor > 0)) {
  console.error('usage: npm run fuzz -- [FACTOR]');
  process.exit(2);
}

const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join('test', file))
  .filter((file) => readFileSync(join(ROOT, file), 'utf8').includes('fuzzRuns('));
console.error(`${factor} times as often: ${tests.join(' ')}`);

const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
// Allows runs of many hours.
const args = [jest, '--testTimeout', String(24 * 3600 * 1000), '--runTestsByPath', ...tests];
const env = { ...process.env, FUZZ_FACTOR: String(factor) };
const { status } = spawnSync(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' });
process.exitCode = status ?? 1;
