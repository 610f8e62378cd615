// `npm run fuzz -- [FACTOR]`: tries what `npm test` tries of hostile input so many times as often, 50 unless told
// otherwise, with seeds of its own. What it finds, fast-check prints with the seed that finds it again.

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
// Hours, if it must be.
const args = [jest, '--testTimeout', String(24 * 3600 * 1000), '--runTestsByPath', ...tests];
const env = { ...process.env, FUZZ_FACTOR: String(factor) };
const { status } = spawnSync(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' });
process.exitCode = status ?? 1;
