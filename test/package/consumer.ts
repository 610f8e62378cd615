// A project that has this package from its tarball, as others have it from a registry.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc');

interface PackageJson {
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  /** The modules that do something when they are imported. */
  readonly sideEffects: readonly string[];
}

export const PACKAGE: PackageJson = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** What `npm pack` makes of what was built. */
export interface Tarball {
  readonly path: string;
  readonly files: readonly string[];
  readonly bytes: number;
}

export function pack(directory: string): Tarball {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
  const output = execFileSync('npm', args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [packed] = Object.values<{ filename: string; size: number; files: { path: string }[] }>(
    JSON.parse(output),
  );
  if (!packed) throw new Error('npm packed nothing');
  return {
    path: join(directory, packed.filename),
    files: packed.files.map(({ path }) => path),
    bytes: packed.size,
  };
}

/** What can be imported of the package, pattern by pattern of its exports; and what can be resolved besides. */
export function subpaths(files: readonly string[]): { modules: string[]; resources: string[] } {
  const all = Object.entries(PACKAGE.exports).flatMap(([subpath, target]) => {
    const [before = '', after] = target.replace('./', '').split('*');
    if (after === undefined) return [{ subpath, target }];
    return files
      .filter((file) => file.startsWith(before) && file.endsWith(after))
      .map((file) => ({
        subpath: subpath.replace('*', file.slice(before.length, file.length - after.length)),
        target: file,
      }));
  });
  const names = (isModule: boolean) =>
    all
      .filter(({ target }) => target.endsWith('.js') === isModule)
      .map(({ subpath }) => join('longrunning', subpath));
  return { modules: names(true), resources: names(false) };
}

/** Outside of Jest, Jest's `expect` is not there to be taught anything. `examples/testing` has it inside. */
const INSIDE_JEST = 'longrunning/testing/jest';

/** Writes the sources: one that imports all there is, and an example with a client and a server. */
export function writeSources(directory: string, files: readonly string[]): void {
  const { modules: all, resources } = subpaths(files);
  const modules = all.filter((module) => module !== INSIDE_JEST);
  const imports = modules.map((module, index) => `import * as module${index} from '${module}';`);
  const list = modules.map((module, index) => `  '${module}': module${index},`);
  mkdirSync(join(directory, 'src/reports'), { recursive: true });
  writeFileSync(
    join(directory, 'src/everything.ts'),
    `${imports.join('\n')}
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const modules: Record<string, object> = {
${list.join('\n')}
};
for (const [name, module] of Object.entries(modules)) {
  if (Object.keys(module).length === 0) throw new Error(\`\${name} exports nothing\`);
}
for (const name of ${JSON.stringify(resources)}) {
  if (readFileSync(fileURLToPath(import.meta.resolve(name))).length === 0) throw new Error(\`\${name} is empty\`);
}
console.log(\`imported \${Object.keys(modules).length}, found ${resources.length}\`);
`,
  );
  cpSync(join(ROOT, 'examples/cancel.ts'), join(directory, 'src/cancel.ts'));
  cpSync(join(ROOT, 'examples/reports'), join(directory, 'src/reports'), { recursive: true });
}

const STRICT = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
  rootDir: 'src',
  outDir: 'dist',
};

/** How one can be asked to find modules. */
export const RESOLUTIONS = {
  nodenext: { module: 'nodenext', rewriteRelativeImportExtensions: true },
  bundler: { module: 'esnext', moduleResolution: 'bundler', allowImportingTsExtensions: true, noEmit: true },
} as const;

/** Compiles the sources to `dist`, where the resolution lets it; what the compiler has to say of them. */
export function compile(directory: string, resolution: keyof typeof RESOLUTIONS): string {
  const compilerOptions = { ...STRICT, ...RESOLUTIONS[resolution] };
  const config = join(directory, `tsconfig.${resolution}.json`);
  writeFileSync(config, JSON.stringify({ compilerOptions, include: ['src'] }));
  try {
    execFileSync(process.execPath, [COMPILER, '-p', config], { encoding: 'utf8', stdio: 'pipe' });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
