import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The bytes of a package and of all that it depends on, each once; optional and peer dependencies left out. */
export function installedBytes(directory: string, ownFiles: readonly string[] = ['']): number {
  const found = new Set<string>();
  const visit = (from: string) => {
    const manifest: Manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const dependency = packageDirectory(name, from);
      if (found.has(dependency)) continue;
      found.add(dependency);
      visit(dependency);
    }
  };
  visit(directory);
  const own = ownFiles.map((file) => bytesOf(join(directory, file)));
  return [...own, ...Array.from(found, bytesOf)].reduce((sum, bytes) => sum + bytes, 0);
}

/** Where a package is that another one depends on, as Node looks for it. */
export function packageDirectory(name: string, from: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (directory === dirname(directory)) throw new Error(`${name} is not installed for ${from}`);
  }
}

/** Packages inside of packages are counted by themselves. */
function bytesOf(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  const members = readdirSync(path).filter((name) => name !== 'node_modules');
  return members.reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}
