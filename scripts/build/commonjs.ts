// CommonJS build of the package.

import { writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { build, type Metafile } from 'esbuild';
import type { EntryPoint } from './entry-points.ts';
import { vendored } from './vendored.ts';

const COMMONJS_FILE = 'dist/longrunning.cjs';

/**
 * Writes the CommonJS build: one file with everything, of which each entry point evaluates what it needs.
 *
 * Node does not use it, because `require` of Node finds the ESM build by the condition `module-sync`. It is for Jest and
 * other tools that have a module system of their own, so it is minified, and its names are kept for error messages.
 *
 * @param metafile - of the ESM build, for the names that each entry point exports.
 */
export async function writeCommonJs(
  entryPoints: readonly EntryPoint[],
  { outputs }: Metafile,
): Promise<void> {
  const getters = entryPoints.map(
    ({ subpath, source }) => `get ${JSON.stringify(subpath)}() { return require('./${source}') }`,
  );
  await build({
    stdin: { contents: `module.exports = { ${getters.join(', ')} }`, resolveDir: '.' },
    outfile: COMMONJS_FILE,
    bundle: true,
    packages: 'external',
    format: 'cjs',
    platform: 'node',
    target: 'node22.13',
    minify: true,
    keepNames: true,
    // `import()` needs a flag in Jest. Optional packages that are ESM only are loaded by Node's `require`, too.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: `const importMetaUrl = require('node:url').pathToFileURL(__filename).href;` },
    plugins: [await vendored()],
  });
  for (const { subpath, built } of entryPoints) {
    const shared = relative(dirname(built), COMMONJS_FILE);
    const path = shared.startsWith('.') ? shared : `./${shared}`;
    const names = (outputs[`${built}.js`]?.exports ?? []).join(', ');
    // Node cannot know the names otherwise if an ECMAScript module imports the file.
    const hint = names && `0 && (module.exports = { ${names} });\n`;
    writeFileSync(
      `${built}.cjs`,
      `'use strict';\nmodule.exports = require('${path}')[${JSON.stringify(subpath)}];\n${hint}`,
    );
  }
}
