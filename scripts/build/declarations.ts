// Declarations of the package.

import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { EntryPoint } from './entry-points.ts';

const IMPORT = /((?:from|import)\s*\(?\s*["'])(\.[^"']+)\.js(["'])/g;

/**
 * Turns the declarations that the compiler wrote into those of CommonJS, and adds a `.d.ts` file to each entry point that
 * re-exports them for ESM. A CommonJS module may be imported from everywhere, so both have the same types: a value that one
 * part of a program got by `require` is accepted by another that uses `import`.
 *
 * Removes declarations that no entry point reaches, because no compiler reads them.
 */
export function writeDeclarations(entryPoints: readonly EntryPoint[]): void {
  const reached = new Set(entryPoints.map(({ built }) => `${built}.d.ts`));
  for (const file of reached) {
    for (const [, , specifier = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const declaration = `${join(dirname(file), specifier)}.d.ts`;
      // Examples in comments import files of users.
      if (existsSync(declaration)) reached.add(declaration);
    }
  }
  for (const file of globSync('dist/**/*.d.ts')) {
    if (reached.has(file)) asCommonJs(file);
    else rmSync(file);
  }
  for (const { built } of entryPoints)
    writeFileSync(`${built}.d.ts`, `export * from './${basename(built)}.cjs';\n`);
}

function asCommonJs(file: string): void {
  const declarations = readFileSync(file, 'utf8').replaceAll(IMPORT, (whole, before, specifier, after) =>
    existsSync(`${join(dirname(file), specifier)}.d.ts`) ||
    existsSync(`${join(dirname(file), specifier)}.d.cts`)
      ? `${before}${specifier}.cjs${after}`
      : whole,
  );
  const target = file.replace(/\.ts$/, '.cts');
  renameSync(file, target);
  writeFileSync(target, declarations);
}
