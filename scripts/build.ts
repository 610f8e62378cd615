// Builds the package to dist, optimized for a small download and fast loading:
//
//     npm run build
//
// The ESM build has one file per entry point, and shared code in chunks, because Node spends more time on finding and reading
// a module than on compiling it. The CommonJS build is one minified file that all `.cjs` entry points share. Declarations are
// those of CommonJS, which the `.d.ts` file of each entry point re-exports, so that both have the same types. Comments are
// only in the declarations.

import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { writeCommonJs } from './build/commonjs.ts';
import { writeDeclarations } from './build/declarations.ts';
import { moduleTargets } from './build/entry-points.ts';
import { vendored, writeNotices } from './build/vendored.ts';
import { lineMappings } from './line-map.ts';

const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Protos of Google APIs that the protos of users import, beside those in `protos`. */
const GOOGLE_PROTOS = [
  'api/{annotations,client,field_behavior,field_info,http,httpbody,launch_stage,resource,routing,visibility}.proto',
  'rpc/{code,error_details,status}.proto',
  'type/*.proto',
];

rmSync('dist', { recursive: true, force: true });
const libraries = moduleTargets(exports);
const entryPoints = [
  ...libraries.map(({ source }) => source),
  ...Object.values<string>(bin).map(sourceOfCommand),
];

execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
});
writeDeclarations(libraries);
const { metafile } = await build({
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
  // Sources would be more than half of the package. They are in the repository, under the path that the map names.
  sourcesContent: false,
  metafile: true,
  plugins: [await vendored()],
});
for (const file of globSync('dist/**/*.js')) writeFileSync(file, asWritten(readFileSync(file, 'utf8')));
for (const file of globSync('dist/**/*.js.map')) {
  const map = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...map, names: [], mappings: lineMappings(map.mappings) }));
}
await writeCommonJs(libraries, metafile);
writeNotices();
for (const pattern of GOOGLE_PROTOS) {
  const from = 'node_modules/google-gax/build/protos/google';
  for (const file of globSync(pattern, { cwd: from })) {
    const target = join('dist/protos/google', file);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, uncommented(readFileSync(join(from, file), 'utf8')));
  }
}

function sourceOfCommand(built: string): string {
  return built.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts');
}

/**
 * Restores class names and removes side-effect imports, without moving lines, so that source maps stay valid.
 *
 * esbuild renames a class that refers to itself to `_StatusError`, which users would see in printed errors. Its option
 * `keepNames` avoids that with 2,057 calls at load time and 7 % more code (1.26 instead of 1.18 MB). Side-effect imports
 * between chunks are redundant, because no source has side effects, and bundlers warn about them.
 */
function asWritten(code: string): string {
  const renamed = code.matchAll(/^var (\w+) = class _\1\b/gm);
  return Array.from(renamed, ([, name]) => name ?? '')
    .reduce((text, name) => text.replaceAll(new RegExp(`\\b_${name}\\b`, 'g'), name), code)
    .replaceAll(/^import ".*";$/gm, '');
}

/** Removes the comments of a proto except for its license, because they are two thirds of it. */
function uncommented(proto: string): string {
  const [license = '', ...rest] = proto.split('\n\n');
  const code = rest
    .join('\n\n')
    .replaceAll(/^ *\/\/.*\n/gm, '')
    .replaceAll(/\n{3,}/g, '\n\n');
  return `${license}\n//\n// Comments have been removed from this copy.\n\n${code}`;
}
