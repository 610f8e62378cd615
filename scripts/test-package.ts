// Installs the package into small projects, as users do, and tests it with their tools:
//
//     npm run test:package
//     npm run test:package -- ts-jest bundlers
//
// Requires a registry. The projects are the folders of test/package/projects, and those in `PROJECTS` below. The test suite
// covers the basics with one version of Node and the installed packages.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installedBytes } from '../bench/harness/installed-size.ts';
import { compile, pack, RESOLUTIONS, ROOT, type Tarball, writeSources } from '../test/package/consumer.ts';

const NODE_MAJORS = ['22', '24', '26'];
const EXPECTED: Readonly<Record<string, RegExp>> = {
  'dist/everything.js': /^imported \d+, found \d+\n$/,
  'dist/cancel.js': /^Plans: cancelled\n/,
  'required.cjs': /^required \d+\n$/,
};

/** Upper bound on a production install, in bytes. */
const MAX_INSTALLED_BYTES = 15_000_000;

/** Packages that `npm install longrunning` must accept in a project. The versions are old ones that are still in use. */
const NEIGHBORS = [
  ['@google-cloud/bigtable'],
  ['google-gax@4.0.5'],
  ['jose@5.0.0'],
  ['pg@8.11', 'pg-boss@10.0.0'],
  ['jest@29.0.0', '@jest/globals@29.0.0'],
  [
    '@opentelemetry/api@1.3.0',
    '@opentelemetry/sdk-metrics@1.8.0',
    '@opentelemetry/exporter-prometheus@0.34.0',
  ],
  ['@bufbuild/protobuf@2.0.0', '@bufbuild/protoplugin@2.0.0'],
];

/** Packages that docs/codegen.md and docs/testing.md install for development, and which must not reach production. */
const DEVELOPMENT = ['@bufbuild/buf', '@bufbuild/protoplugin', 'ts-proto', 'jest', '@jest/globals', 'vitest'];

const FOLDERS = join(ROOT, 'test/package/projects');
const temporary = mkdtempSync(join(tmpdir(), 'longrunning-package-'));

const PROJECTS: Readonly<Record<string, (directory: string, tarball: Tarball) => void>> = {
  node: testNode,
  neighbors: testNeighbors,
  production: testProduction,
};

const folders = readdirSync(FOLDERS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const names = [...Object.keys(PROJECTS), ...folders.map(({ name }) => name)];
const [selected, failed]: string[][] = [process.argv.slice(2), []];
const unknown = selected?.find((name) => !names.includes(name));
if (unknown !== undefined)
  throw new Error(`project ${unknown} does not exist: choose of ${names.join(', ')}`);
try {
  const tarball = pack(temporary);
  for (const name of selected?.length ? selected : names) {
    const directory = join(temporary, name);
    mkdirSync(directory);
    console.log(`── ${name}`);
    try {
      const test = PROJECTS[name] ?? testFolder;
      test(directory, tarball);
    } catch (error) {
      failed?.push(name);
      console.error((error as Error).message);
    }
    rmSync(directory, { recursive: true });
  }
} finally {
  rmSync(temporary, { recursive: true });
}
if (failed?.length) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

/** Imports every subpath and runs an example, with each supported version of Node. */
function testNode(directory: string, tarball: Tarball): void {
  writeFileSync(join(directory, 'package.json'), '{"type":"module","private":true}');
  run(directory, ['npm', 'install', tarball.path, '@types/node']);
  writeSources(directory, tarball.files);
  for (const resolution of Object.keys(RESOLUTIONS) as (keyof typeof RESOLUTIONS)[]) {
    const complaints = compile(directory, resolution);
    if (complaints !== '') throw new Error(`with resolution ${resolution}:\n${complaints}`);
    console.log(`compiles with resolution ${resolution}`);
  }
  for (const major of NODE_MAJORS) {
    const node = ['npm', 'exec', '--yes', `--package=node@${major}`, '--', 'node'];
    const version = output(directory, [...node, '--version']).trim();
    if (!version.startsWith(`v${major}.`)) throw new Error(`asked for Node ${major}, got ${version}`);
    for (const [script, expected] of Object.entries(EXPECTED)) {
      const printed = output(directory, [...node, script]);
      if (!expected.test(printed)) throw new Error(`${script} with Node ${version} printed:\n${printed}`);
    }
    console.log(`runs with Node ${version}`);
  }
}

/** Installs the package beside others, without the conflict that npm reports as ERESOLVE. */
function testNeighbors(directory: string, { path }: Tarball): void {
  for (const packages of NEIGHBORS) {
    writeFileSync(join(directory, 'package.json'), '{"private":true}');
    rmSync(join(directory, 'package-lock.json'), { force: true });
    run(directory, ['npm', 'install', '--package-lock-only', path, ...packages]);
    console.log(`installs beside ${packages.join(' and ')}`);
  }
}

/** Installs for production after the packages for development, which must not be installed then. */
function testProduction(directory: string, { path }: Tarball): void {
  writeFileSync(join(directory, 'package.json'), '{"private":true}');
  run(directory, ['npm', 'install', '--package-lock-only', path]);
  run(directory, ['npm', 'install', '--package-lock-only', '--save-dev', ...DEVELOPMENT]);
  run(directory, ['npm', 'install', '--omit=dev']);
  const unwanted = [...DEVELOPMENT, 'typescript'].filter((name) => isInstalled(directory, name));
  if (unwanted.length > 0) throw new Error(`${unwanted.join(', ')} came with a production install`);
  const bytes = installedBytes(join(directory, 'node_modules/longrunning'));
  console.log(`a production install is ${(bytes / 1e6).toFixed(2)} MB`);
  if (bytes > MAX_INSTALLED_BYTES) throw new Error(`at most ${MAX_INSTALLED_BYTES / 1e6} MB are allowed`);
}

function isInstalled(directory: string, name: string): boolean {
  return readdirSync(join(directory, 'node_modules'), { recursive: true, encoding: 'utf8' }).includes(name);
}

/** Runs the script `test` of a project that has the story of this folder, as TypeScript and as JavaScript. */
function testFolder(directory: string, { path }: Tarball): void {
  const name = directory.slice(temporary.length + 1);
  cpSync(join(FOLDERS, name), directory, { recursive: true });
  const story = readFileSync(join(FOLDERS, 'story.ts'), 'utf8');
  writeFileSync(join(directory, 'story.ts'), story);
  writeFileSync(join(directory, 'plain-story.mjs'), stripTypeScriptTypes(story));
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const dependencies = { ...manifest.dependencies, longrunning: `file:${path}` };
  writeFileSync(
    join(directory, 'package.json'),
    JSON.stringify({ private: true, ...manifest, dependencies }),
  );
  const [install, test] = managerOf(name);
  run(directory, install);
  run(directory, test, 'inherit');
}

/** Commands that install a project and run its script `test`. */
function managerOf(project: string): [string[], string[]] {
  const by = (pack: string, command: string): [string[], string[]] => {
    const manager = ['npm', 'exec', '--yes', `--package=${pack}`, '--', command];
    return [
      [...manager, 'install'],
      [...manager, 'run', 'test'],
    ];
  };
  if (project === 'pnpm') return by('pnpm@^10', 'pnpm');
  if (project === 'yarn-pnp') return by('@yarnpkg/cli-dist@^4', 'yarn');
  return [
    ['npm', 'install'],
    ['npm', 'run', '--silent', 'test'],
  ];
}

function run(directory: string, command: string[], stdout: 'inherit' | 'pipe' = 'pipe'): void {
  execute(directory, command, stdout);
}

function output(directory: string, command: string[]): string {
  return execute(directory, command, 'pipe');
}

function execute(directory: string, [program = '', ...args]: string[], stdout: 'inherit' | 'pipe'): string {
  try {
    return execFileSync(program, args, {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', stdout, 'pipe'],
      env: {
        ...process.env,
        npm_config_loglevel: 'error',
        npm_config_audit: 'false',
        npm_config_fund: 'false',
      },
      maxBuffer: 100 * 1024 * 1024,
    });
  } catch (error) {
    const { stdout: printed, stderr } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(
      `${[program, ...args].join(' ')} failed:\n${printed ?? ''}\n${stderr ?? ''}`.slice(0, 10_000),
    );
  }
}
