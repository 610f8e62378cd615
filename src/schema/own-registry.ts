import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { FileRegistry } from '@bufbuild/protobuf';
import { readDescriptors } from './read-descriptors.js';

let own: FileRegistry | undefined;

/** What this package declares, with its HTTP rules, and the error details of `google.rpc`. */
export function ownRegistry(): FileRegistry {
  own ??= readDescriptors(readFileSync(createRequire(import.meta.url).resolve('longrunning/descriptors')));
  return own;
}
