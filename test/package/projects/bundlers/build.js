// Bundles the story with each bundler and runs the result in a folder where no package is installed.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import nodeResolve from '@rollup/plugin-node-resolve';
import { build as esbuild } from 'esbuild';
import { rollup } from 'rollup';
import { build as vite } from 'vite';
import webpack from 'webpack';

const ENTRY = 'main.mjs';
writeFileSync(
  ENTRY,
  `import { EXPECTED, story } from './plain-story.mjs';
story().then((seen) => {
  if (JSON.stringify(seen) !== JSON.stringify(EXPECTED)) throw new Error('saw ' + seen.join(', '));
});
`,
);

/** grpc-js is CommonJS and requires modules of Node, which ESM has no \`require\` for. */
const REQUIRE = `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`;

const bundlers = {
  'esbuild, CommonJS': (outfile) =>
    esbuild({
      entryPoints: [ENTRY],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: `${outfile}.cjs`,
    }),
  'esbuild, ESM': (outfile) =>
    esbuild({
      entryPoints: [ENTRY],
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: REQUIRE },
      outfile: `${outfile}.mjs`,
    }),
  webpack: (outfile) =>
    new Promise((done, fail) => {
      const output = { path: resolve(outfile), filename: 'main.cjs' };
      webpack({ mode: 'production', target: 'node22', entry: `./${ENTRY}`, output }, (error, stats) => {
        if (error || stats.hasErrors()) fail(error ?? new Error(stats.toString()));
        else done();
      });
    }),
  rollup: async (outfile) => {
    const plugins = [nodeResolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs(), json()];
    const bundle = await rollup({ input: ENTRY, plugins, onwarn: () => {} });
    await bundle.write({ file: `${outfile}.cjs`, format: 'cjs', inlineDynamicImports: true });
  },
  vite: (outfile) =>
    vite({
      logLevel: 'error',
      ssr: { noExternal: true },
      build: {
        ssr: ENTRY,
        outDir: resolve(outfile),
        emptyOutDir: false,
        rollupOptions: { output: { entryFileNames: 'main.mjs' } },
      },
    }),
};

for (const [name, bundle] of Object.entries(bundlers)) {
  const folder = mkdtempSync(join(tmpdir(), 'longrunning-bundle-'));
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, 'main');
  await bundle(outfile);
  const [file] = execFileSync('find', [folder, '-name', 'main.[cm]js'], { encoding: 'utf8' }).split('\n');
  execFileSync(process.execPath, [file], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 120_000,
  });
  console.log(`${name}: runs`);
}
