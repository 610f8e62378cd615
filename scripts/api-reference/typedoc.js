// Options of TypeDoc. The documented modules are those that package.json exports.

import { readFileSync } from 'node:fs';

/** @type {Record<string, string | { import: string } | null>} */
const subpaths = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).exports;
const targets = Object.values(subpaths).map((target) =>
  typeof target === 'string' ? target : (target?.import ?? ''),
);
const sources = targets.filter((path) => path.startsWith('./dist/src/'));

/** @type {import('typedoc').TypeDocOptions} */
export default {
  name: 'longrunning',
  entryPoints: sources.map((path) => path.replace('./dist/', '../../').replace(/\.js$/, '.ts')),
  tsconfig: 'tsconfig.json',
  readme: 'none',
  out: '../../docs/api',
  cleanOutputDir: true,
  // Members of literals need no documentation.
  requiredToBeDocumented: ['Class', 'Interface', 'TypeAlias', 'Function', 'Variable', 'Method', 'Accessor'],
  validation: { notDocumented: true, invalidLink: true, notExported: false },
  treatValidationWarningsAsErrors: true,
};
