import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const OWN_PROTO = 'protos/google/longrunning/operations.proto';

/**
 * Returns the directories searched after the caller's: the protos of this package, then those of google-gax
 * (`google/api`, `google/rpc`, `google/type` and more).
 */
export function defaultIncludeDirs(): string[] {
  const gaxEntry = createRequire(import.meta.url).resolve('google-gax');
  return [join(packageRoot(), 'protos'), resolve(dirname(gaxEntry), '../protos')];
}

/** Returns the absolute path of a file relative to an include directory, or undefined if none contains it. */
export function findIncluded(name: string, includeDirs: readonly string[]): string | undefined {
  const candidates = isAbsolute(name) ? [name] : includeDirs.map((dir) => resolve(dir, name));
  return candidates.find((path) => existsSync(path));
}

/**
 * Finds the package root by searching upwards, because compiled code is one directory deeper than its source.
 */
function packageRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, OWN_PROTO)) && dir !== dirname(dir)) dir = dirname(dir);
  return dir;
}
