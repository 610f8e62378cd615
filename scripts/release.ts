// Releases the version that package.json names:
//
//     npm run release --dry-run    prints what would be published, and changes nothing
//     npm run release              dates the changelog, updates the baseline of the protos, tags and publishes

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { release, unreleased } from './changelog.ts';

const CHANGELOG = 'CHANGELOG.md';

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

try {
  main();
} catch (error) {
  console.error(`Not released: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

function main(): void {
  const { name, version }: { name: string; version: string } = JSON.parse(
    readFileSync('package.json', 'utf8'),
  );
  const changelog = readFileSync(CHANGELOG, 'utf8');
  refuseDirtyTree();
  refuseTagged(version);
  const changes = unreleased(changelog);
  const packed = pack();
  console.log(`${name} ${version}\n\n${changes}\n\n${packed.filename}, ${packed.size} bytes:`);
  for (const { path, size } of packed.files) console.log(`${String(size).padStart(8)}  ${path}`);
  if (isDryRun()) {
    console.log('\nNothing was published: this was a dry run.');
    return;
  }
  writeFileSync(CHANGELOG, release(changelog, version, new Date().toISOString().slice(0, 10)));
  run('npm', ['run', 'baseline']);
  run('git', ['commit', '--all', '--message', `Release ${version}`]);
  run('git', ['tag', tagOf(version)]);
  run('npm', ['publish']);
  console.log(`\nPublished. Now: git push --atomic origin HEAD ${tagOf(version)}`);
}

/** npm consumes options that it knows, so `npm run release --dry-run` is visible only in the environment. */
function isDryRun(): boolean {
  return process.argv.includes('--dry-run') || process.env.npm_config_dry_run === 'true';
}

function refuseDirtyTree(): void {
  const changes = read('git', ['status', '--porcelain']);
  if (changes !== '') throw new Error(`the tree has changes that are not committed:\n${changes}`);
}

function refuseTagged(version: string): void {
  const tag = read('git', ['tag', '--list', tagOf(version)]);
  if (tag !== '') throw new Error(`${version} was released already: raise the version in package.json`);
}

function tagOf(version: string): string {
  return `v${version}`;
}

function pack(): Packed {
  const [packed] = Object.values<Packed>(
    JSON.parse(read('npm', ['pack', '--dry-run', '--json', '--silent'])),
  );
  if (!packed) throw new Error('npm packed nothing');
  return packed;
}

function read(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trimEnd();
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: 'inherit' });
}
