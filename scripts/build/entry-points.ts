// Entry points of package.json as modules of the build.

import { globSync } from 'node:fs';
import { posix } from 'node:path';

/** Targets of one subpath in package.json. */
type Target = string | null | Readonly<Record<string, string>>;

/** Entry point of the package. */
export interface EntryPoint {
  /** Subpath in `exports`: `.`, `./server`, `./generated/google/rpc/status`. */
  readonly subpath: string;
  /** Source file: `src/server/index.ts`. */
  readonly source: string;
  /** Built files without their extension: `dist/src/server/index`. */
  readonly built: string;
}

/** Returns the entry points that are modules. Patterns become one per source file. */
export function moduleTargets(exports: Readonly<Record<string, Target>>): EntryPoint[] {
  const excluded = Object.keys(exports).filter((subpath) => exports[subpath] === null);
  return Object.entries(exports)
    .flatMap(([subpath, target]) => {
      if (target === null || typeof target === 'string') return [];
      const source = posix.relative('dist', target.import ?? '').replace(/\.js$/, '.ts');
      const [before = '', after] = source.split('*');
      if (after === undefined) return [{ subpath, source }];
      return globSync(source.replace('*', '**/*')).map((file) => ({
        subpath: subpath.replace('*', file.slice(before.length, -after.length)),
        source: file,
      }));
    })
    .filter(({ subpath }) => !excluded.includes(subpath))
    .map((entry) => ({ ...entry, built: posix.join('dist', entry.source.replace(/\.ts$/, '')) }));
}
