import { createRequire } from 'node:module';

type Yaml = typeof import('yaml');

let library: Yaml | undefined;

/**
 * Returns the YAML library, loaded on first use: its 72 modules take longer to load than the rest of a start.
 */
export function yaml(): Yaml {
  library ??= createRequire(import.meta.url)('yaml') as Yaml;
  return library;
}
