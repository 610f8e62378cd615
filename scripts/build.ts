// Builds the package to dist, small enough to be installed without a thought, and to be loaded as fast:
//
//     npm run build
//
// What can be imported, and what is run, are a file each, and what they share are chunks: to find and read a module costs
// Node more than to compile it. Declarations have a file for each source, with the comments, which are in the sources that the
// source maps hold too, and so not in the code a third time.

import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { lineMappings } from './line-map.ts';

const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8'));

const entryPoints = [...Object.values<string>(exports), ...Object.values<string>(bin)].flatMap(sources);

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
});
pruneDeclarations();
await build({
  entryPoints,
  outbase: '.',
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node22.13',
  sourcemap: true,
});
for (const file of globSync('dist/**/*.js')) writeFileSync(file, asWritten(readFileSync(file, 'utf8')));
for (const file of globSync('dist/**/*.js.map')) {
  const map = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...map, names: [], mappings: lineMappings(map.mappings) }));
}

/** Removes the declarations that no public entry point leads to: nobody's compiler reads them. */
function pruneDeclarations(): void {
  const reached = new Set(entryPoints.map(declarationOf));
  for (const file of reached) {
    const imports = readFileSync(file, 'utf8').matchAll(/(?:from|import\() ?["'](\.[^"']+)\.js["']/g);
    for (const [, specifier = ''] of imports) {
      const declaration = `${join(dirname(file), specifier)}.d.ts`;
      // Examples in comments import files that users have.
      if (existsSync(declaration)) reached.add(declaration);
    }
  }
  for (const file of globSync('dist/**/*.d.ts')) if (!reached.has(file)) rmSync(file);
}

function declarationOf(source: string): string {
  return join('dist', source.replace(/\.ts$/, '.d.ts'));
}

/** The sources of what package.json says is built; none for what is no module. */
function sources(built: string): string[] {
  const source = /^\.\/dist\/(.*)\.js$/.exec(built)?.[1];
  return source === undefined ? [] : globSync(`${source.replace('*', '**/*')}.ts`);
}

/**
 * Classes by the names that they have in the sources: one that speaks of itself is called `_StatusError` by esbuild, which
 * users would read where errors are printed. And no imports for their effects, as sources have none: bundlers warn of them.
 * Lines stay where they are, for the maps.
 */
function asWritten(code: string): string {
  const renamed = code.matchAll(/^var (\w+) = class _\1\b/gm);
  return Array.from(renamed, ([, name]) => name ?? '')
    .reduce((text, name) => text.replaceAll(new RegExp(`\\b_${name}\\b`, 'g'), name), code)
    .replaceAll(/^import ".*";$/gm, '');
}
