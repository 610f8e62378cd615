// Compiles the package to dist, small enough to be installed without a thought:
//
//     npm run build
//
// Comments are in the declarations and in the sources that the source maps hold, so not in the code a third time.

import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { lineMappings } from './line-map.ts';

rmSync('dist', { recursive: true, force: true });
compile('--removeComments', '--declaration', 'false');
compile('--emitDeclarationOnly', '--sourceMap', 'false', '--inlineSources', 'false');
for (const file of globSync('dist/**/*.js.map')) {
  const map = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...map, names: [], mappings: lineMappings(map.mappings) }));
}

function compile(...options: string[]): void {
  const compiler = 'node_modules/typescript/bin/tsc';
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', ...options], { stdio: 'inherit' });
}
