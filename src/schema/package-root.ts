import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OWN_PROTO = 'protos/google/longrunning/operations.proto';

/**
 * Finds the package root by searching upwards, because compiled code is one directory deeper than its source. Returns
 * undefined in a bundle.
 */
export function packageRoot(): string | undefined {
  // Bundlers that write CommonJS leave the URL undefined.
  const url: string | undefined = import.meta.url;
  if (url === undefined) return undefined;
  for (let dir = dirname(fileURLToPath(url)); ; dir = dirname(dir)) {
    if (existsSync(join(dir, OWN_PROTO))) return dir;
    if (dir === dirname(dir)) return undefined;
  }
}
