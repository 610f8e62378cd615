import { createRequire } from 'node:module';

/** The YAML library, loaded when there is YAML to read or write: its 72 modules take longer than a start needs otherwise. */
export function yaml(): typeof import('yaml') {
  return createRequire(import.meta.url)('yaml');
}
