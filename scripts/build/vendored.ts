// Dev dependencies that become part of the build. A package belongs here if it is large and a small part of it is used, or
// if it has to be in the bundles of users.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const require = createRequire(import.meta.url);

/** Entry file of each package. */
const VENDORED: Readonly<Record<string, string>> = {
  // Its build for Node consists of 72 CommonJS modules, which take longer to load than the rest of a start.
  yaml: join(dirname(require.resolve('yaml/package.json')), 'browser/index.js'),
  commander: require.resolve('commander'),
};

/** Minifies the packages and adds them to a build. */
export async function vendored(): Promise<Plugin> {
  const contents = new Map<string, string>();
  for (const [name, entry] of Object.entries(VENDORED)) {
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node22.13',
      minify: true,
      keepNames: name === 'commander',
      write: false,
    });
    contents.set(name, outputFiles[0]?.text ?? '');
  }
  return {
    name: 'vendored',
    setup({ onResolve, onLoad }) {
      const filter = new RegExp(`^(?:${[...contents.keys()].join('|')})$`);
      onResolve({ filter }, ({ path }) => ({ path, namespace: 'vendored', sideEffects: false }));
      onLoad({ filter: /.*/, namespace: 'vendored' }, ({ path }) => ({ contents: contents.get(path) ?? '' }));
    },
  };
}

/** Writes the licenses of the packages, which require it. */
export function writeNotices(): void {
  const notices = Object.keys(VENDORED).map((name) => {
    const folder = join('node_modules', name);
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return `${name} ${version}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}\n`;
  });
  const title = 'Parts of these packages are included in the files of this folder.\n';
  writeFileSync('dist/THIRD-PARTY-LICENSES.txt', [title, ...notices].join('\n---\n\n'));
}
