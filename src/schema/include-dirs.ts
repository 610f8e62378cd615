import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const OWN_PROTO = 'protos/google/longrunning/operations.proto';

/** Where imports are looked for after the directories that the caller named: this package's own protos, then
 * google-gax's, which has `google/api`, `google/rpc`, `google/type` and more. */
export function defaultIncludeDirs(): string[] {
  const gaxEntry = createRequire(import.meta.url).resolve('google-gax');
  return [join(packageRoot(), 'protos'), resolve(dirname(gaxEntry), '../protos')];
}

/** The absolute path of a file named relative to an include directory; undefined when none of them has it. */
export function findIncluded(name: string, includeDirs: readonly string[]): string | undefined {
  const candidates = isAbsolute(name) ? [name] : includeDirs.map((dir) => resolve(dir, name));
  return candidates.find((path) => existsSync(path));
}

/** Compiled code lies one directory deeper than its source, so the way up is looked for rather than counted. */
function packageRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, OWN_PROTO)) && dir !== dirname(dir)) dir = dirname(dir);
  return dir;
}
