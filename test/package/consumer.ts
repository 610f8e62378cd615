// A project that has this package from its tarball, as others have it from a registry.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc');

/** Targets of an entry point that is a module. */
interface ModuleTargets {
  /** For `import` and `require` of Node. */
  readonly 'module-sync': string;
  /** For `import` of other tools. */
  readonly import: string;
  /** For `require` of other tools. */
  readonly default: string;
}

interface PackageJson {
  readonly main: string;
  readonly types: string;
  readonly exports: Readonly<Record<string, ModuleTargets | string | null>>;
  /** Declarations for `moduleResolution: node10`, which does not read `exports`. */
  readonly typesVersions: { readonly '*': Readonly<Record<string, readonly [string]>> };
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

/** Entry points that are modules, by subpath. */
export const MODULES = Object.entries(PACKAGE.exports).filter(
  (entry): entry is [string, ModuleTargets] => typeof entry[1] === 'object' && entry[1] !== null,
);

/** Returns the names to import, and the names of files that are no modules. Patterns become one name per file. */
function subpaths(files: readonly string[]): { modules: string[]; resources: string[] } {
  const hidden = Object.keys(PACKAGE.exports).filter((subpath) => PACKAGE.exports[subpath] === null);
  const named = (subpath: string, target: string) => {
    const [before = '', after] = target.replace('./', '').split('*');
    if (after === undefined) return [subpath];
    return files
      .filter((file) => file.startsWith(before) && file.endsWith(after))
      .map((file) => subpath.replace('*', file.slice(before.length, file.length - after.length)));
  };
  const names = (targets: readonly (readonly [string, string])[]) =>
    targets
      .flatMap(([subpath, target]) => named(subpath, target))
      .filter((subpath) => !hidden.includes(subpath))
      .map((subpath) => join('longrunning', subpath));
  const others = Object.entries(PACKAGE.exports).flatMap(([subpath, target]) =>
    typeof target === 'string' ? [[subpath, target] as const] : [],
  );
  return {
    modules: names(MODULES.map(([subpath, target]) => [subpath, target.import])),
    resources: names(others),
  };
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
  const required = modules.map((module) => `  require('${module}'),`).join('\n');
  writeFileSync(
    join(directory, 'required.cjs'),
    `const modules = [
${required}
];
if (modules.some((module) => Object.keys(module).length === 0)) throw new Error('a module exports nothing');
import('longrunning').then(({ StatusError }) => {
  if (StatusError !== require('longrunning').StatusError) throw new Error('import and require give different classes');
  console.log(\`required \${modules.length}\`);
});
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
