// Installs the package into an empty project, as users do, and runs an example and every subpath with each supported
// version of Node:
//
//     npm run test:package
//
// Requires a registry. The test suite covers the same with one version of Node and the installed packages.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, pack, RESOLUTIONS, writeSources } from '../test/package/consumer.ts';

const NODE_MAJORS = ['22', '24', '26'];
const EXPECTED: Readonly<Record<string, RegExp>> = {
  'everything.js': /^imported \d+, found \d+\n$/,
  'cancel.js': /^Plans: cancelled\n/,
};

const directory = mkdtempSync(join(tmpdir(), 'longrunning-package-'));
try {
  const tarball = pack(directory);
  writeFileSync(join(directory, 'package.json'), '{"type":"module","private":true}');
  npm('install', '--no-audit', '--no-fund', '--loglevel=error', tarball.path, '@types/node');
  writeSources(directory, tarball.files);
  for (const resolution of Object.keys(RESOLUTIONS) as (keyof typeof RESOLUTIONS)[]) {
    const complaints = compile(directory, resolution);
    if (complaints !== '') throw new Error(`with resolution ${resolution}:\n${complaints}`);
    console.log(`compiles with resolution ${resolution}`);
  }
  for (const major of NODE_MAJORS) runWith(major);
} finally {
  rmSync(directory, { recursive: true });
}

function runWith(major: string): void {
  const node = ['exec', '--yes', '--loglevel=error', `--package=node@${major}`, '--', 'node'];
  const version = npm(...node, '--version').trim();
  if (!version.startsWith(`v${major}.`)) throw new Error(`asked for Node ${major}, got ${version}`);
  for (const [script, expected] of Object.entries(EXPECTED)) {
    const output = npm(...node, join('dist', script));
    if (!expected.test(output)) throw new Error(`${script} with Node ${version} printed:\n${output}`);
  }
  console.log(`runs with Node ${version}`);
}

function npm(...args: string[]): string {
  return execFileSync('npm', args, {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
